# SPDX-License-Identifier: GPL-2.0-only
#
# bash completion for tare. It knows no option: tare says what can follow (user/cli/complete.h).

_tare() {
	local word=${COMP_WORDS[COMP_CWORD]} line=() at=() i cut='' reply about

	# bash takes --format=json for three words.
	for ((i = 0; i <= COMP_CWORD; i++)); do
		if ((i > 1)) && [[ ${COMP_WORDS[i]} == '=' || ${COMP_WORDS[i - 1]} == '=' ]]; then
			line[${#line[@]} - 1]+=${COMP_WORDS[i]}
		else
			line+=("${COMP_WORDS[i]}")
			at+=("$i")
		fi
	done
	[[ $word == '=' ]] && word=
	# What precedes the word that bash replaces.
	[[ ${line[-1]} == *=* ]] && cut=${line[-1]%"$word"}

	COMPREPLY=()
	while IFS=$'\t' read -r reply about; do
		case $reply in
		:file) compopt -o default ;;
		:dir) compopt -o dirnames ;;
		:command*) _tare_command "${at[${reply#:command }]:-$COMP_CWORD}" ;;
		*) COMPREPLY+=("${reply#"$cut"}") ;;
		esac
	done < <(command tare completion words "${line[@]}" 2>/dev/null)
}

# Word $1 begins a command with its own completion.
_tare_command() {
	if declare -F _comp_command_offset >/dev/null; then
		_comp_command_offset "$1"
	elif declare -F _command_offset >/dev/null; then
		_command_offset "$1"
	elif (($1 == COMP_CWORD)); then
		mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
	else
		compopt -o default
	fi
}

complete -F _tare tare
