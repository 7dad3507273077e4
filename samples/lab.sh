# SPDX-License-Identifier: GPL-2.0-or-later
# shellcheck shell=bash
# The lab of samples/make: hosts are network namespaces, joined by one router with an inner and an outer network.
#
#   inner 192.0.2.0/24, 2001:db8:1::/64 -- br-in [router] br-out -- outer 198.51.100.0/24, 2001:db8:2::/64
#
# All namespaces carry the number of this shell, so that several labs can run at once.

die() {
	echo "samples/make: $*" >&2
	exit 2
}

lab_open() {
	lab=pdx$BASHPID
	work=$(mktemp -d)
	chmod 755 "$work"
	hosts=()
	tasks=()
	capture_task=
	wire_ms=0
	wire_fault=
	gateway_ttl=
}

lab_close() {
	local host task

	set +e
	for task in "${tasks[@]}" $capture_task; do
		kill "$task" 2>/dev/null
	done
	for host in "${hosts[@]}"; do
		ip netns pids "$lab-$host" 2>/dev/null | xargs -r kill -9 2>/dev/null
		ip netns del "$lab-$host" 2>/dev/null
		rm -rf "/etc/netns/$lab-$host"
	done
	rm -rf "$work"
}

# on HOST COMMAND...
on() {
	local host=$1

	shift
	ip netns exec "$lab-$host" "$@"
}

new_namespace() {
	ip netns add "$lab-$1"
	hosts+=("$1")
	on "$1" sysctl -qw net.ipv6.conf.all.disable_ipv6=1 net.ipv6.conf.default.disable_ipv6=1
	on "$1" ip link set lo up
}

# Segments leave as they would on a wire: whole, of wire size, with their checksums.
plain_card() {
	on "$1" ethtool -K "$2" tx off rx off tso off gso off gro off >/dev/null 2>&1 || true
	on "$1" ip link set "$2" up
}

# gateway MAC: the router; MAC is what the inner network sees, and says which vendor's device it plays.
gateway() {
	new_namespace router
	on router sysctl -qw net.ipv4.ip_forward=1
	on router ip link add br-in type bridge
	on router ip link add br-out type bridge
	on router ip link set br-in address "$1"
	on router ip link set br-out address 00:1e:67:0b:5c:01
	on router ip addr add 192.0.2.1/24 dev br-in
	on router ip addr add 198.51.100.1/24 dev br-out
	on router ip link set br-in up
	on router ip link set br-out up
}

# host NAME in|out ADDRESS MAC
host() {
	local name=$1 side=$2 address=$3 mac=$4 port="p${#hosts[@]}"

	new_namespace "$name"
	ip link add eth0 netns "$lab-$name" address "$mac" type veth peer name "$port" netns "$lab-router"
	plain_card "$name" eth0
	plain_card router "$port"
	if [ "$wire_ms" = 0 ]; then
		on router ip link set "$port" master "br-$side"
	else
		lay_wire "$port" "$side"
	fi
	on "$name" ip addr add "$address/24" dev eth0
	on "$name" ip route add default via "${address%.*}.1"
}

# A wire of some length between a host's port and the bridge.
lay_wire() {
	local port=$1 side=$2

	ip link add "$port-w" netns "$lab-router" type veth peer name "$port-b" netns "$lab-router"
	plain_card router "$port-w"
	plain_card router "$port-b"
	on router ip link set "$port-b" master "br-$side"
	start router python3 "$here/programs/wire.py" "$port" "$port-w" "$wire_ms" $wire_fault # one word each
}

# Both networks speak IPv6 too.
add_ipv6() {
	local name

	on router sysctl -qw net.ipv6.conf.all.disable_ipv6=0 net.ipv6.conf.all.forwarding=1 net.ipv6.conf.all.accept_dad=0 \
		net.ipv6.conf.br-in.accept_dad=0 net.ipv6.conf.br-out.accept_dad=0
	on router ip addr add 2001:db8:1::1/64 dev br-in nodad
	on router ip addr add 2001:db8:2::1/64 dev br-out nodad
	while read -r name address gateway; do
		on "$name" sysctl -qw net.ipv6.conf.eth0.disable_ipv6=0 net.ipv6.conf.eth0.accept_dad=0
		on "$name" ip addr add "$address/64" dev eth0 nodad
		on "$name" ip route add default via "$gateway"
	done
	sleep 2.5 # the duplicate address detection of the link-local addresses stays out of the capture
}

# client_and_server MAC: one host on each side of the gateway with that MAC.
client_and_server() {
	gateway "$1"
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	host server out 198.51.100.20 00:50:56:8a:22:14
}

add_ipv6_to_client_and_server() {
	add_ipv6 <<-EOF
		client 2001:db8:1::10 2001:db8:1::1
		server 2001:db8:2::20 2001:db8:2::1
	EOF
}

# start HOST COMMAND...: in the background, until the story ends. The process is the command itself: it gets the signals.
start() {
	local host=$1

	shift
	(exec ip netns exec "$lab-$host" "$@" </dev/null >>"$work/$host.log" 2>&1) &
	tasks+=($!)
}

# serve HOST PORT COMMAND...: a server in the background; returns when it listens.
serve() {
	local host=$1 port=$2 tries=100

	shift 2
	start "$host" "$@"
	until on "$host" ss -Hltn "sport = :$port" | grep -q .; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat "$work/$host.log" >&2; die "$host does not listen on port $port"; }
		sleep 0.05
	done
}

# firewall <<EOF: nft rules on the router, the body of its forward chain. Sets go before it, in the same table.
firewall() {
	on router nft -f -
}

# start_capture HOST[:INTERFACE] [TCPDUMP OPTIONS...]; with format=pcapng tshark captures.
start_capture() {
	local host=${1%:*} interface=eth0 tries=200

	[ "$host" = "$1" ] || interface=${1#*:}
	shift
	if [ "$format" = pcapng ]; then
		set -- tshark -q -l -i "$interface" "$@"
	else
		set -- tcpdump -i "$interface" -U -s 0 --nano -Z root "$@"
	fi
	(exec ip netns exec "$lab-$host" "$@" -w "$work/capture" 2>"$work/capture.log") &
	capture_task=$!
	until grep -qsE 'listening on|Capturing on' "$work/capture.log" && [ -s "$work/capture" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat "$work/capture.log" >&2; die "the capture does not start"; }
		sleep 0.05
	done
	sleep 0.3
}

stop_capture() {
	sleep 1.7 # what the kernel still holds for a quiet tcpdump comes within a second
	kill "$capture_task"
	wait "$capture_task" || true
	capture_task=
}

lab_save() {
	[ -s "$work/capture" ] || die "nothing was captured"
	install -m 644 "$work/capture" "$1"
}

# openssl ca is the command that takes dates.
ca_config() {
	: >"$work/ca.index"
	cat <<-EOF
		[ca]
		default_ca = sample
		[sample]
		certificate = $work/ca.pem
		private_key = $work/ca.key
		database = $work/ca.index
		new_certs_dir = $work
		rand_serial = yes
		default_md = sha256
		policy = names
		[names]
		commonName = supplied
	EOF
}

certificate_day() {
	date -u -d "$1 days" +%Y%m%d120000Z
}

# certificates NAME: a CA (ca.pem), a server's certificate for NAME (server.pem, server.key) and a client's (client.*).
# With expired=DAYS they ended so long ago, with begins=DAYS they are valid only so much later.
certificates() {
	local who subject

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Sample CA" \
		-keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
	while read -r who subject; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$subject" \
			-keyout "$work/$who.key" -out "$work/$who.csr" 2>/dev/null
		printf 'subjectAltName=DNS:%s\n' "$subject" >"$work/$who.ext"
		openssl ca -batch -notext -config <(ca_config) -extfile "$work/$who.ext" -in "$work/$who.csr" -out "$work/$who.pem" \
			-startdate "$(certificate_day "${begins:--33}")" -enddate "$(certificate_day "${expired:+-}${expired:-20}")" 2>/dev/null
	done <<-EOF
		server $1
		client workstation.example
	EOF
}

# own_certificate WHO NAME: WHO.pem and WHO.key, its own issuer.
own_certificate() {
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj "/CN=$2" \
		-addext "subjectAltName=DNS:$2" -keyout "$work/$1.key" -out "$work/$1.pem" 2>/dev/null
}

# web HOST PORT <<EOF: nginx with the body of one server block from stdin.
web() {
	local host=$1 port=$2 dir="$work/web-$1-$2"

	mkdir -p "$dir/root"
	chmod -R 755 "$dir"
	{
		printf 'daemon off; user root; worker_processes 1; pid %s/pid; error_log %s/error.log;\n' "$dir" "$dir"
		printf 'events {}\nhttp { access_log off; root %s/root; client_body_temp_path %s/body; keepalive_requests 1000;\n' \
			"$dir" "$dir"
		printf 'proxy_temp_path %s/p; fastcgi_temp_path %s/f; scgi_temp_path %s/s; uwsgi_temp_path %s/u;\nserver {\n' \
			"$dir" "$dir" "$dir" "$dir"
		cat
		printf '}\n}\n'
	} >"$dir/nginx.conf"
	printf 'It works.\n' >"$dir/root/index.html"
	serve "$host" "$port" nginx -p "$dir" -c "$dir/nginx.conf"
}

# get HOST URL ADDRESS [CURL OPTIONS...]: the URL from that address, no name look-ups; failing is part of most stories.
get() {
	local host=$1 url=$2 address=$3 name

	shift 3
	name=${url#*://}
	name=${name%%[:/]*}
	on "$host" curl -sS -o /dev/null --noproxy '*' --cacert "$work/ca.pem" --connect-to "$name::$address:" "$@" "$url" \
		2>>"$work/$host.log" || true
}

# resolv_conf HOST NAMESERVER: whom that host asks for names.
resolv_conf() {
	mkdir -p "/etc/netns/$lab-$1"
	printf 'nameserver %s\n' "$2" >"/etc/netns/$lab-$1/resolv.conf"
}

# ftp_server HOST FILES: vsftpd, with so many small files to fetch anonymously; with connect_timeout=SECONDS it gives up
# data connections of active mode then.
ftp_server() {
	local i

	mkdir -p "$work/ftp/in" "$work/empty"
	for i in $(seq "$2"); do
		printf 'reading %d\n' "$i" >"$work/ftp/in/reading-$i.txt"
	done
	chmod -R a+rX,go-w "$work/ftp" "$work/empty"
	cat >"$work/vsftpd.conf" <<-EOF
		listen=YES
		background=NO
		anonymous_enable=YES
		no_anon_password=YES
		anon_root=$work/ftp
		secure_chroot_dir=$work/empty
		seccomp_sandbox=NO
		port_enable=YES
		pasv_min_port=40000
		pasv_max_port=60000
		connect_timeout=${connect_timeout:-60}
		xferlog_enable=NO
	EOF
	serve "$1" 21 vsftpd "$work/vsftpd.conf"
}

# mirror HOST ADDRESS yes|no: fetches all files, in passive mode or not; timeout=SECONDS ends it.
mirror() {
	on "$1" timeout "${timeout:-60}" env HOME="$work" lftp -c "set ftp:passive-mode $3; set net:timeout 8; set net:max-retries 2; set ftp:use-feat no
		set ftp:sync-mode yes; set net:reconnect-interval-base 2; set cmd:fail-exit no
		open ftp://$2; mirror /in $work/copy" >>"$work/$1.log" 2>&1 || true
}

# wireguard_keys HOST...: private and public keys.
wireguard_keys() {
	local name

	for name; do
		(umask 077 && wg genkey >"$work/$name.private")
		wg pubkey <"$work/$name.private" >"$work/$name.public"
	done
}

# wireguard HOST ADDRESS INNER PEER [ENDPOINT]: wireguard-go between INNER and the peer's host. Its control socket is
# outside of the namespaces, so the interface has a name of its own.
wireguard() {
	local host=$1 inner=$3 peer=$4 device="wg${1:0:1}$BASHPID" tries=100

	start "$host" wireguard-go -f "$device"
	until on "$host" wg show "$device" >/dev/null 2>&1; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat "$work/$host.log" >&2; die "wireguard-go does not start"; }
		sleep 0.05
	done
	on "$host" wg set "$device" listen-port 51820 private-key "$work/$host.private" \
		peer "$(cat "$work/$peer.public")" allowed-ips 10.9.0.0/24 ${5:+endpoint "$5"}
	on "$host" ip addr add "$inner/24" dev "$device"
	on "$host" ip link set "$device" up
}

# radvd_on HOST INTERFACE PREFIX: router advertisements each 3 s or so.
radvd_on() {
	cat >"$work/radvd-$1.conf" <<-EOF
		interface $2 {
			AdvSendAdvert on;
			MinRtrAdvInterval 3;
			MaxRtrAdvInterval 4;
			prefix $3 { };
		};
	EOF
	on "$1" sysctl -qw net.ipv6.conf.all.forwarding=1
	start "$1" radvd -n -C "$work/radvd-$1.conf" -p "$work/radvd-$1.pid" -m stderr
}
