#!/usr/bin/env bash
# SPDX-License-Identifier: GPL-2.0-or-later
# Captures of a larger lab and of other people, where they lie beside the tree with what is true about them.
. "$(dirname "$0")/common.sh"
shared=$top/../shared
check=$shared/check-lab
[ -x "$check" ] || skip "no ../shared/check-lab beside the source tree"
needs python3 jq
for folder in lab captures; do
	[ -f "$shared/$folder/checks.json" ] || continue
	"$check" --pcapdx "$pcapdx" --lab "$shared/$folder" || fail "../shared/$folder"
done
finish
