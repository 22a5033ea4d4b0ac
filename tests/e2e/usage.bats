#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Wrong usage: every subcommand exits with 125, says what is wrong on stderr alone, and has started
# and written nothing.

load lib/common

# Runs tare in an empty directory. refused WORD… -- ARG…: it was wrong usage, and WORDs are said.
refused() {
	local words=() word
	while [ "$1" != -- ]; do
		words+=("$1")
		shift
	done
	shift
	mkdir -p "$DIR/empty"
	cd "$DIR/empty"
	run --separate-stderr "$TARE" "$@"
	[ "$status" = 125 ] || fail "tare $*: status $status, not 125:" "$output" "$stderr"
	[ -z "$output" ] || fail "tare $*: on stdout:" "$output"
	[[ $stderr == 'tare: '* ]] || fail "tare $*: says nothing"
	for word in "${words[@]}"; do
		grep -q -F -e "$word" <<<"$stderr" || fail "tare $*: doesn't say '$word':" "$stderr"
	done
	[ -z "$(ls -A)" ] || fail "tare $*: left:" "$(ls -A)"
}

commands=(run attach top bench 'bench report' 'bench compare' doctor report diff export)

@test "an unknown option, letter or command" {
	local command
	for command in "${commands[@]}"; do
		# shellcheck disable=SC2086 # "bench report" is two words
		refused 'unknown option: --nosuch' -- $command --nosuch
		# shellcheck disable=SC2086
		refused 'unknown option: -Z' -- $command -Z
		# shellcheck disable=SC2086
		refused 'takes no argument' "tare $command --help" -- $command --help=x
	done
	refused 'unknown command: rnu' 'try: run' -- rnu -- touch ran
	refused 'unknown command: rnu' 'try: run' -- help rnu
	refused 'unknown option: --verson' 'try: --version' -- --verson
	refused 'unknown option: -x' -- -x
	refused '--formt' '--format' -- run --formt json -- touch ran
}

@test "a missing argument, of an option and of the command" {
	refused '-o needs an argument' 'tare run --help' -- run -o
	refused '--pid needs an argument' -- attach --pid
	refused '--tasks needs an argument' -- bench --tasks
	refused '--format needs an argument' -- bench report --format
	refused '-o needs an argument' -- bench compare a b -o
	refused '--btf needs an argument' -- doctor --btf
	refused '--fold needs an argument' -- report --fold
	refused '--fold needs an argument' -- diff --fold
	refused '--sample-type needs an argument' -- export --sample-type
	refused 'no command given' -- run
	refused 'no command given' -- run --
	refused 'nothing to attach to' -- attach
	refused 'one file of results' -- bench report
	refused 'two files of results' -- bench compare a
	refused 'one recording' -- report
	refused 'two recordings' -- diff a
	refused 'one recording' -- export --format json
	refused 'no format given' -- export a
	run "$TARE"
	status_is 125
	says 'Usage: tare COMMAND'
}

@test "an argument too many" {
	refused 'takes no command' -- attach -p 1 touch ran
	refused 'put a command after --' -- bench touch ran
	refused 'one file of results' -- bench report a b
	refused 'two files of results' -- bench compare a b c
	refused 'more' -- doctor more
	refused 'one recording' -- report a b
	refused 'two recordings' -- diff a b c
	refused 'one recording' -- export --format json a b
}

@test "a bad number, size, time or name" {
	local bad
	for bad in '--interval=0' '--interval=-1s' '--max-mms=banana' '--max-mms=0' \
		'--ring-size=3' '--threads=some' '--snapshot-every=0' '--period=1' \
		'--period=64Kib4' '--max-size=1' '--keep-tasks=-1' '--memory-max=0' \
		'--force-backend=none' '--format=yaml' '--sample-type=live'; do
		refused "${bad%%=*} ${bad#*=}: not" 'tare run --help' -- run "$bad" -- touch ran
	done
	for bad in '--pid=banana' '--pid=-5' '--pid=0' '--pid=1,' '--pid=99999999999' \
		'--duration=soon' '--duration=0'; do
		refused "${bad%%=*} ${bad#*=}: not" -- attach "$bad"
	done
	for bad in '--tasks=1x' '--tasks=' '--tasks=200M' '--runs=0' '--runs=1001' \
		'--time-limit=1ms' '--memory-max=x' '--touch=1'; do
		refused "${bad%%=*} ${bad#*=}: not" -- bench "$bad"
	done
	refused '--format yaml: not' -- bench report --format yaml a
	refused '--format csv: not' -- diff --format csv a b
	refused '--sample-type virtual: not' -- diff --sample-type virtual a b
	refused '--threads x: not' -- report --threads x a
	refused '--sample-type x: not' -- export --sample-type x a
	refused 'no workload' -- bench --only nosuch --list
}

@test "options that contradict each other" {
	refused 'exclude each other' -- run --user nobody --as-root -- touch ran
	refused '--no-cgroup excludes' -- run --no-cgroup --memory-max 1G -- touch ran
	refused 'exclude each other' -- run --no-children --wait-all -- touch ran
	refused '-r FILE' -- run --max-size 1MiB -- touch ran
	refused '--period 0' -- run --format folded --period 0 -- touch ran
	refused 'two outputs' -- run -o x.json -r x.json -- touch ran
	refused 'exclude each other' -- attach -p 1 --all
	refused '--resume needs' -- bench --resume
	refused 'exclude each other' -- bench --user nobody --as-root
	refused 'apply to the catalogue' -- bench --only go -- touch ran '{n}'
	refused 'no {n}' -- bench -- touch ran
}

@test "an unknown suffix of -o is refused, and the known ones are listed" {
	local name
	: >"$DIR/a"
	for name in out.xyz out.JSON ./a.b/out.jsn out.tare out.svg; do
		refused "-o $name: " '.txt (table)' .folded .pb.gz .speedscope.json .json .html \
			.csv '--format' -- run -o "$name" -- touch ran
		refused "-o $name: " .folded -- attach -p $$ --duration 10ms -o "$name"
		refused "-o $name: " .folded -- export "$DIR/a" -o "$name"
		refused "-o $name: " .folded -- report "$DIR/a" -o "$name"
		refused "-o $name: " .txt .csv .json .md .html -- bench report "$DIR/a" -o "$name"
		refused "-o $name: " .txt .json -- diff "$DIR/a" "$DIR/a" -o "$name"
	done
	refused 'tare run -r out.tare' -- run -o out.tare -- touch ran
	for name in out.xyz out.json out.html; do
		refused "-o $name: " .db 'tare bench report' -- \
			bench -o "$name" -- sh -c 'touch ran; echo ready' '{n}'
	done
	refused "-o out.csv: " .txt -- bench compare "$DIR/a" "$DIR/a" -o out.csv
}

@test "-o without a suffix is the table, and --format takes any name" {
	cd "$DIR"
	"$TARE" run -o plain -- true
	grep -q '^peak:' plain || fail "$(cat plain)"
	"$TARE" run -o .hidden -- true
	grep -q '^peak:' .hidden || fail "$(cat .hidden)"
	"$TARE" run -o table.txt -r a.tare -- true
	grep -q '^peak:' table.txt || fail "$(cat table.txt)"
	"$TARE" run --format json -o out.xyz -- true
	report check out.xyz
	"$TARE" export a.tare -o out.txt
	grep -q '^peak:' out.txt || fail "$(cat out.txt)"
	"$TARE" diff a.tare a.tare -o diff.txt
	grep -q '^peak:' diff.txt || fail "$(cat diff.txt)"
	"$TARE" diff a.tare a.tare --format json -o out.xyz
	jq -e .schema out.xyz >/dev/null
}

@test "--version says what was built, from what, and where it runs, on one screen" {
	local name
	run "$TARE" --version
	status_is 0
	[[ ${lines[0]} =~ ^tare\ [0-9]+\.[0-9]+\.[0-9]+(-.+)?$ ]] || fail "$output"
	says "for $(uname -m)-linux-gnu" "$(uname -r)" ', glibc [0-9]'
	if ldd "$TARE" | grep -q '=>'; then says ', dynamic'; else says ', static'; fi
	for name in libbpf libdw sqlite3; do
		says "$name [0-9]*\.[0-9]"
	done
	fits_80_columns
	[ ${#lines[@]} -le 24 ] || fail "${#lines[@]} lines"
	[ "$("$TARE" -V)" = "$output" ] || fail "-V says something else"
}
