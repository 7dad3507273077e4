# SPDX-License-Identifier: GPL-2.0-or-later
# A server sends 12000 of 90000 promised bytes and then nothing more; the client gives up after 7 s, three times.
play() {
	gateway 00:1e:bd:10:44:a8
	host client in 192.0.2.10 00:1a:a0:6b:11:0a
	wire_ms=4
	host server out 198.51.100.20 00:50:56:8a:22:14
	serve server 80 python3 "$here/programs/half_answer.py" 80 90000 12000
	sleep 0.5
	start_capture client
	for _ in 1 2 3; do
		get client http://files.example/firmware.zip 198.51.100.20 -m 7
		sleep 1
	done
	stop_capture
}
