# SPDX-License-Identifier: GPL-2.0-or-later
# A SOCKS proxy (microsocks) that wants a login: one client sends none, then a wrong one, then the right one for a port
# where nothing listens. Another proxy (dante) does not allow port 8443, to SOCKS 5 and to SOCKS 4A.
through() {
	on client curl -sS -m 10 -o /dev/null -x "$1" "$2" 2>>"$work/client.log" || true
}

play() {
	client_and_server 00:1e:bd:10:44:a8
	cat >"$work/danted.conf" <<-EOF
		internal: eth0 port = 1080
		external: eth0
		socksmethod: none
		clientmethod: none
		user.privileged: root
		client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
		socks block { from: 0.0.0.0/0 to: 0.0.0.0/0 port = 8443 }
		socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
	EOF
	serve server 1080 danted -f "$work/danted.conf"
	serve server 7070 microsocks -i 198.51.100.20 -p 7070 -u alice -P right
	start_capture client
	for login in '' 'alice:wrong@' 'alice:right@'; do
		for i in 1 2; do
			through "socks5h://${login}198.51.100.20:7070" http://198.51.100.20:81/
		done
	done
	for version in socks5 socks4a socks5; do
		through "$version://198.51.100.20" https://198.51.100.20:8443/
	done
	stop_capture
}
