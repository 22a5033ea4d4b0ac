#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Completion of command lines, by the shells themselves: bash, zsh, fish.

load lib/common

setup() {
	export PATH="$(dirname "$TARE"):$PATH"
	scripts=$BATS_TEST_DIRNAME/../../user/cli/completion
	here=$BATS_TEST_TMPDIR
	touch "$here/first.tare" "$here/second.tare"
	mkdir -p "$here/folder"
}

# in_bash LINE: the words that bash offers for the word at the end of this line.
in_bash() {
	bash --norc -c '
		. "$1"
		cd "$3" || exit
		# compopt only works while readline completes.
		compopt() { echo "compopt $*"; }
		eval "COMP_WORDS=($2)"
		[[ $2 != *" " ]] || COMP_WORDS+=("")
		COMP_CWORD=$((${#COMP_WORDS[@]} - 1))
		_tare tare "${COMP_WORDS[COMP_CWORD]}" "${COMP_WORDS[COMP_CWORD - 1]}"
		printf "%s\n" "${COMPREPLY[@]}"
	' bash "$scripts/tare.bash" "$1" "$here"
}

# in_fish LINE
in_fish() {
	(cd "$here" && HOME=$here fish --no-config -c \
		'source $argv[1]; complete -C $argv[2]' "$scripts/tare.fish" "$1" | cut -f1)
}

# in_zsh LINE: zsh completes on a terminal only; a second one of its own shows what it lists.
in_zsh() {
	(cd "$here" && python3 "$BATS_TEST_DIRNAME/lib/zsh_completes.py" "$scripts/tare.zsh" "$1")
}

each_shell() {
	local shell
	for shell in bash zsh fish; do
		command -v $shell >/dev/null || skip "no $shell"
	done
	for shell in bash zsh fish; do
		run in_$shell "$1"
		echo "# $shell: $1: $output"
		"${@:2}" || return 1
	done
}

has() {
	local word
	for word; do grep -qE -- "(^|\s)$word(\s|\$)" <<<"$output" || return 1; done
}
@test "completion: subcommands" {
	each_shell 'tare ' has run attach top bench doctor report diff export completion
	each_shell 'tare re' has report
	[[ $output != *attach* ]]
}

# Every option that --help shows, in every subcommand.
@test "completion: the options of every subcommand are those of its help" {
	local command option
	for command in run attach top bench doctor report diff export agent; do
		run in_bash "tare $command --"
		for option in $(tare "$command" --help | grep -oE '^ +(-., )?--[a-z-]+' |
			grep -oE -- '--[a-z-]+'); do
			echo "$command $option"
			has "$option"
		done
	done
	each_shell 'tare run --no-' has --no-children --no-cgroup --no-fold --no-priority
}

@test "completion: values: formats, sections, sort, backends" {
	each_shell 'tare run --format ' has table folded pprof speedscope json html csv
	each_shell 'tare export --format sp' has speedscope
	each_shell 'tare top --format ' has table jsonl csv
	each_shell 'tare bench report --format m' has markdown
	each_shell 'tare report --show who,kern' has who,kernel
	each_shell 'tare run --threads ' has all grouped
	each_shell 'tare top --group ' has name cgroup
}

@test "completion: bash breaks --format=json at the =" {
	run in_bash 'tare run --format = js'
	[ "$output" = json ]
	run in_bash 'tare run --format ='
	has table json
}

@test "completion: process ids and names of processes" {
	cp "$(command -v sleep)" "$here/tare-sleeper"
	"$here/tare-sleeper" 1000 3>&- &
	local pid=$!
	until [ "$(cat /proc/$pid/comm)" = tare-sleeper ]; do :; done
	run each_shell "tare attach -p $pid" has "$pid"
	echo "$output"
	local pids=$status
	run each_shell 'tare attach --comm tare-sl' has tare-sleeper
	echo "$output"
	kill $pid
	[ "$pids" = 0 ] && [ "$status" = 0 ]
}

@test "completion: the name of a process is not code for the shell" {
	cp "$(command -v sleep)" "$here/evil\$(date)"
	"$here/evil\$(date)" 1000 3>&- &
	local pid=$!
	until [ "$(cat /proc/$pid/comm)" = 'evil$(date)' ]; do :; done
	run tare completion words tare attach --comm evil
	kill $pid
	[ "$status" = 0 ] && [ -z "$output" ]
}

@test "completion: the name of a process is no code for the terminal" {
	cp "$(command -v sleep)" "$here/evil"$'\xff\xc2\x9b31m'
	"$here/evil"$'\xff\xc2\x9b31m' 1000 3>&- &
	local pid=$!
	until grep -q evil /proc/$pid/comm; do :; done
	run tare completion words tare attach --pid "$pid"
	kill $pid
	[ "$output" = "$pid"$'\t''evil\xff\u009b31m' ] || fail "$output"
}

@test "completion: ids of workloads" {
	each_shell 'tare bench --only go-c' has go-connect
	each_shell 'tare bench --only go,rust-t' has go,rust-tokio
}

@test "completion: files, folders, commands" {
	run in_bash 'tare report fi'
	has 'compopt -o default'
	run in_bash 'tare run -- pyth'
	has python3
	run in_zsh 'tare report fi'
	has first.tare
	run in_zsh 'tare run -- mktem'
	has mktemp
	run in_fish 'tare report fi'
	has first.tare
	run in_fish 'tare run -- mktem'
	has mktemp
	run in_fish 'tare bench --build-dir fo'
	has folder/
}

@test "completion: tare prints the scripts that are installed" {
	local shell
	for shell in bash zsh fish; do
		tare completion $shell | cmp - "$scripts/tare.$shell"
	done
	run tare completion ksh
	[ "$status" = 125 ]
	[[ $output == *bash*zsh*fish* ]]
}
