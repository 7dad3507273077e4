# SPDX-License-Identifier: GPL-2.0-or-later
# HTTPS and HTTP through a SOCKS proxy (microsocks on a port of its own, with a login) in SOCKS 5, and in SOCKS 4 (dante).
play() {
	client_and_server 00:1e:bd:10:44:a8
	host proxy out 198.51.100.30 00:50:56:8a:22:30
	certificates www.example
	web server 443 <<-EOF
		listen 443 ssl;
		ssl_certificate $work/server.pem;
		ssl_certificate_key $work/server.key;
	EOF
	web server 80 <<-EOF
		listen 80;
	EOF
	cat >"$work/danted.conf" <<-EOF
		internal: eth0 port = 1080
		external: eth0
		socksmethod: none
		clientmethod: none
		user.privileged: root
		client pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
		socks pass { from: 0.0.0.0/0 to: 0.0.0.0/0 }
	EOF
	serve proxy 1080 danted -f "$work/danted.conf"
	serve proxy 7070 microsocks -i 198.51.100.30 -p 7070 -u alice -P right
	start_capture client
	for i in 1 2; do
		get client https://www.example/ 198.51.100.20 --noproxy '' -x socks5h://alice:right@198.51.100.30:7070
		get client http://www.example/ 198.51.100.20 --noproxy '' -x socks4://198.51.100.30
	done
	stop_capture
}
