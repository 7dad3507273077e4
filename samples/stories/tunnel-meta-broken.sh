# SPDX-License-Identifier: GPL-2.0-or-later
# A tinc control connection dies on the way and is made anew at once. Byte-made.
play() {
	python3 "$here/programs/tinc_stories.py" meta-broken >"$work/capture"
}
