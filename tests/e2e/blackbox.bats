#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The black box: what a report tells of an OOM kill. oom_scene has three processes: the largest is
# killed, because a small one asks for memory.

load lib/common

setup() {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "with swap, no process is killed at the limit"
	"$LIB/kmem.py" home >"$DIR/home" || skip "$(cat "$DIR/home")"
}

# of_row SORT NAME EXPRESSION: asserts it of a row `x` of the story.
of_row() {
	report assert "$DIR/r.json" \
		"[$3 for x in r['incident']['grew'] if x['sort'] == '$1' and x['name'] == '$2'][0]"
}

@test "run --memory-max: the story of an OOM kill, with victim and trigger apart" {
	run "$TARE" run --memory-max 64MiB -r "$DIR/r.tare" -o "$DIR/r.json" -- \
		"$PROGRAMS/oom_scene" 48 100
	status_is 0
	says 'fills ended by 9'
	victim=$(sed -n 's/^fills \([0-9]*\) .*/\1/p' <<<"$output")
	trigger=$(sed -n 's/.* asks \([0-9]*\)$/\1/p' <<<"$output")
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['incident']['what'] == 'oom-kill'" \
		"r['incident']['time_ns'] - r['incident']['held_ns'] < 10**9" "r['incident']['kills'] == 1" \
		"r['incident']['victim']['pid'] == $victim" \
		"r['incident']['victim']['comm'] == 'fills'" \
		"r['incident']['trigger']['pid'] == $trigger" \
		"r['incident']['trigger']['comm'] == 'asks'" \
		"r['incident']['limit'] == 64 << 20" \
		"63 << 20 <= r['incident']['usage'] <= 64 << 20" \
		"r['incident']['cgroup'] == r['cgroup']['path']" \
		"48 << 20 <= r['incident']['victim_held'] <= 51 << 20"
	# At the kill the three hold what the group was charged with: within 2 % of its own counter,
	# and the pages of programs and libraries, which others were charged for.
	report assert "$DIR/r.json" \
		"0.98 * r['incident']['usage'] <= sum(x['held'] for x in r['incident']['grew'] if x['sort'] == 'process') <= 1.02 * r['incident']['usage'] + (4 << 20)"
	# A step is 2.4 MiB each 100 ms.
	of_row process fills "x['function'] == 'fill_cache' and x['grown']['1s'] < x['grown']['60s']"
	of_row process fills "46 << 20 <= x['grown']['60s'] <= 51 << 20"
	of_row thread fills "x['thread'] == 'filler' and x['function'] == 'fill_cache'"
	of_row function fill_cache "36 << 20 <= x['grown']['60s'] <= 60 << 20"
	# The recording tells the same, and the default screen opens with it.
	"$TARE" report --format json "$DIR/r.tare" >"$DIR/again.json"
	for of in r again; do
		python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["incident"])' \
			"$DIR/$of.json" >"$DIR/$of"
	done
	cmp "$DIR/r" "$DIR/again" || fail "the recording tells another story"
	run "$TARE" report "$DIR/r.tare"
	status_is 0
	sed -n 2p <<<"$output" | grep -q "^OOM: *the kernel killed fills (pid $victim), which held" ||
		fail "no story on top:" "$output"
	says "by asks (pid $trigger), which is not the victim" '^fills .*fill_cache' \
		'64.0 MiB of 64.0 MiB in'
}

@test "run --memory-max: no story without a kill, nor of another's kill" {
	"$TARE" run --memory-max 64MiB -o "$DIR/r.json" -- \
		sh -c 'exec 3>"$0"; echo >&3; sleep 3' "$DIR/up" &
	other=$!
	until_true 10 test -s "$DIR/up"
	run "$TARE" run --memory-max 32MiB -o "$DIR/killed.json" -- "$PROGRAMS/hog" 64 </dev/null
	status_is 137
	wait "$other"
	report assert "$DIR/killed.json" "r['incident']['victim']['comm'] == 'hog'" \
		"r['incident']['trigger']['comm'] == 'hog'"
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "'incident' not in r"
}

@test "run --memory-max: of many kills the first is told, and their number" {
	# shellcheck disable=SC2016 # the command's own shell expands them
	run "$TARE" run --memory-max 64MiB -o "$DIR/r.json" -- \
		sh -c 'for i in 1 2 3; do "$PROGRAMS/hog" 256 </dev/null; done; exit 0'
	status_is 0
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['incident']['kills'] == 3" \
		"r['incident']['victim']['comm'] == 'hog'"
}
