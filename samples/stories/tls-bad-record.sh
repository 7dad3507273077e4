# SPDX-License-Identifier: GPL-2.0-or-later
# A proxy in the path flips one bit of a download; the TLS keys are in the file.
play() {
	format=pcapng
	client_and_server 00:1e:bd:10:44:a8
	certificates www.example
	head -c 6000 /dev/urandom | base64 >"$work/list.txt"
	serve server 8443 env -C "$work" openssl s_server -accept 8443 -WWW -cert server.pem -key server.key
	serve server 443 python3 "$here/programs/tls_middle.py" 443 127.0.0.1 8443 damage down 5000
	start_capture client
	for _ in 1 2; do
		SSLKEYLOGFILE=$work/keys get client https://www.example/list.txt 198.51.100.20
	done
	stop_capture
	editcap --inject-secrets "tls,$work/keys" "$work/capture" "$work/capture.with-keys"
	mv "$work/capture.with-keys" "$work/capture"
}
