# SPDX-License-Identifier: GPL-2.0-or-later
# The renewal of a tinc key stands still for 36 s. Byte-made.
play() {
	python3 "$here/programs/tinc_stories.py" renewal-stuck >"$work/capture"
}
