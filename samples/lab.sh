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
	start router python3 "$here/programs/wire.py" "$port" "$port-w" "$wire_ms"
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

# start_capture HOST [TCPDUMP OPTIONS...]; with format=pcapng tshark captures.
start_capture() {
	local host=$1 tries=200

	shift
	if [ "$format" = pcapng ]; then
		set -- tshark -q -l -i eth0 "$@"
	else
		set -- tcpdump -i eth0 -U -s 0 --nano -Z root "$@"
	fi
	(exec ip netns exec "$lab-$host" "$@" -w "$work/capture" 2>"$work/capture.log") &
	capture_task=$!
	until grep -qE 'listening on|Capturing on' "$work/capture.log" && [ -s "$work/capture" ]; do
		tries=$((tries - 1))
		[ $tries -gt 0 ] || { cat "$work/capture.log" >&2; die "the capture does not start"; }
		sleep 0.05
	done
	sleep 0.3
}

stop_capture() {
	sleep "${1:-0.5}"
	kill "$capture_task"
	wait "$capture_task" || true
	capture_task=
}

lab_save() {
	[ -s "$work/capture" ] || die "nothing was captured"
	install -m 644 "$work/capture" "$1"
}

# certificates NAME: a CA (ca.pem), a server's certificate for NAME (server.pem, server.key) and a client's (client.*).
certificates() {
	local who subject

	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj "/CN=Sample CA" \
		-keyout "$work/ca.key" -out "$work/ca.pem" 2>/dev/null
	while read -r who subject; do
		openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj "/CN=$subject" \
			-keyout "$work/$who.key" -out "$work/$who.csr" 2>/dev/null
		printf 'subjectAltName=DNS:%s\n' "$subject" >"$work/$who.ext"
		openssl x509 -req -in "$work/$who.csr" -CA "$work/ca.pem" -CAkey "$work/ca.key" -days "${days:-20}" \
			-extfile "$work/$who.ext" -out "$work/$who.pem" 2>/dev/null
	done <<-EOF
		server $1
		client workstation.example
	EOF
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
	name=${name%%/*}
	on "$host" curl -sS -o /dev/null --noproxy '*' --cacert "$work/ca.pem" --connect-to "$name::$address:" "$@" "$url" \
		2>>"$work/$host.log" || true
}
