#compdef tare
# SPDX-License-Identifier: GPL-2.0-only
#
# zsh completion for tare. It knows no option: tare says what can follow (user/cli/complete.h).

_tare() {
	local line at tab=$'\t'
	local -a found about

	for line in "${(@f)$(command tare completion words "${(@Q)words[1,CURRENT]}" 2>/dev/null)}"; do
		case $line in
		'') ;;
		:file) _files ;;
		:dir) _files -/ ;;
		:command*)
			# zsh counts words from 1.
			at=$((${line#:command } + 1))
			shift $((at - 1)) words
			((CURRENT -= at - 1))
			_normal
			;;
		*)
			found+=("${line%%$tab*}")
			about+=("${line%%$tab*}  ${line#*$tab}")
			;;
		esac
	done
	((${#found})) && compadd -l -d about -a found
}

if [[ $funcstack[1] == _tare ]]; then
	_tare "$@"
else
	compdef _tare tare
fi
