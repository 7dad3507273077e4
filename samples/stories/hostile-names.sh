# SPDX-License-Identifier: GPL-2.0-or-later
# Every name tries to act where it is shown: HTML, script, escapes, bidi controls, formulas in SNI, certificate, HTTP, FTP, DNS.
play() {
	local subject=$'/CN=<img src=x onerror=alert(4)>\u202e/O=\E[31m=cmd|calc!A1/OU=<script>alert(5)<\\/script>'

	client_and_server 00:1e:bd:10:44:a8
	openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 30 -utf8 -subj "$subject" \
		-keyout "$work/hostile.key" -out "$work/hostile.pem" 2>/dev/null
	serve server 443 openssl s_server -accept 443 -www -tls1_2 -cert "$work/hostile.pem" -key "$work/hostile.key"
	serve server 80 python3 "$here/programs/hostile.py" serve
	start_capture client
	for _ in 1 2; do
		on client openssl s_client -connect 198.51.100.20:443 -tls1_2 -verify_return_error \
			-servername $'<svg onload=alert(6)>\E[2J\u202e' </dev/null >/dev/null 2>&1 || true
	done
	on client python3 "$here/programs/hostile.py" ask 198.51.100.20
	stop_capture
}
