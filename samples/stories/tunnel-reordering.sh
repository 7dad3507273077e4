# SPDX-License-Identifier: GPL-2.0-or-later
# Datagrams of a tinc tunnel overtake each other. Byte-made.
play() {
	python3 "$here/programs/tinc_stories.py" reordering >"$work/capture"
}
