# SPDX-License-Identifier: GPL-2.0-or-later
# Completion of pcapdx for bash.

_pcapdx_codes() {
	pcapdx explain 2>/dev/null | sed -n 's/^\([a-z][a-z0-9-]*\)  *\(error\|warning\|note\) .*/\1/p'
}

_pcapdx() {
	local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]}
	local long="--anonymize --buffer-size --count --engine --evidence --fail-on --filter --follow --format --from --help
		--interface --json --keylog --limit --limit-window --list-interfaces --max-expand --memory
		--no-promiscuous-mode --oui --output --quiet --read --records --snapshot-length --threads --time-wait --to --verbose
		--version"
	local short="-B -D -c -f -i -n -o -p -q -r -s -v -w"

	COMPREPLY=()
	if [ "${COMP_WORDS[1]}" = explain ] && [ "$COMP_CWORD" -eq 2 ]; then
		mapfile -t COMPREPLY < <(compgen -W "$(_pcapdx_codes)" -- "$word")
		return
	fi
	case $before in
	--engine) mapfile -t COMPREPLY < <(compgen -W "native nids both" -- "$word") ;;
	--format) mapfile -t COMPREPLY < <(compgen -W "text json html md csv" -- "$word") ;;
	--fail-on) mapfile -t COMPREPLY < <(compgen -W "error warning note" -- "$word") ;;
	-i | --interface)
		mapfile -t COMPREPLY < <(compgen -W "any $(ls /sys/class/net 2>/dev/null)" -- "$word") ;;
	-f | --filter | -c | --count | -s | --snapshot-length | -B | --buffer-size | --from | --to | --memory | \
		--max-expand | --time-wait | --limit | --limit-window) ;;
	*)
		case $word in
		-*) mapfile -t COMPREPLY < <(compgen -W "$long $short" -- "$word") ;;
		*)
			mapfile -t COMPREPLY < <(compgen -f -- "$word")
			[ "$COMP_CWORD" -ne 1 ] ||
				mapfile -t -O ${#COMPREPLY[@]} COMPREPLY < <(compgen -W "explain compare" -- "$word") ;;
		esac ;;
	esac
}
complete -o filenames -F _pcapdx pcapdx
