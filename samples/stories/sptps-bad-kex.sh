# SPDX-License-Identifier: GPL-2.0-or-later
# A tinc node sends a KEX record of a wrong length. Byte-made.
play() {
	python3 "$here/programs/tinc_stories.py" bad-kex >"$work/capture"
}
