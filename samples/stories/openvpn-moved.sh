# SPDX-License-Identifier: GPL-2.0-or-later
# The data of a client of OpenVPN is not answered any more, until it begins anew from another port. Byte-made.
play() {
	python3 "$here/programs/openvpn_moved.py" >"$work/capture"
}
