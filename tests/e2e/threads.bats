#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Per-thread figures equal what the program did. The stacks of the workers are filled before
# they run (tests/programs/prog.h), so the figures are exact. Slack is allowed only where a
# stack or libc's own data is counted too; the program then says how much.

load lib/common

@test "each worker's anon.in is what it touched, by page faults" {
	exact --checkpoints 2 --facts 600 -- "$PROGRAMS/threads" 100 4
}

@test "the maker's and the freer's rows differ" {
	"$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/give_take" 8 </dev/null
	report check "$DIR/r.json"
	report assert "$DIR/r.json" \
		"by_comm('maker')[0]['anon']['net'] == 8 << 20" \
		"by_comm('taker')[0]['anon']['net'] == -4 << 20" \
		"by_comm('taker')[0]['anon']['in'] == 0"
}

@test "as many faults as pages, taken in user mode" {
	"$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/threads" 4 4096 </dev/null
	# Besides its own pages a thread faults in code: some dozens of pages at most.
	report assert "$DIR/r.json" \
		"all(0 <= by_comm('worker-%d' % i)[0]['faults']['user'] - (i + 1) * 1024 <= 64
		     for i in range(4))"
}

@test "faults that read() takes are the kernel's" {
	"$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/sys_grow" 8 </dev/null
	[ "$(report get "$DIR/r.json" "r['features']['faults_kernel']['state']")" != \
		"not measured" ] ||
		skip "this kernel does not report it"
	report assert "$DIR/r.json" \
		"by_comm('reader')[0]['faults']['kernel'] >= 2048" \
		"by_comm('reader')[0]['faults']['user'] <= 64"
}

@test "mapped and touched memory are separate" {
	exact --checkpoints 2 --facts 12 -- "$PROGRAMS/threads" 4 1024
	exact --checkpoints 2 --facts 4 -- "$PROGRAMS/heap" 16
}

@test "names with escapes, quotes, new lines, no UTF-8: exact in JSON" {
	exact --facts 32 -- "$PROGRAMS/hostile"
}

@test "such names in the table: harmless, in 80 columns" {
	run bash -c '"$TARE" run --threads all -- "$PROGRAMS/hostile" </dev/null 2>&1 >"$DIR/out"'
	status_is 0
	LC_ALL=C.UTF-8
	! grep -P '[\x00-\x08\x0b-\x1f\x7f]|\x{9b}|\x{202e}' <<<"$output" ||
		fail "control characters"
	iconv -f UTF-8 -t UTF-8 <<<"$output" >/dev/null || fail "no UTF-8"
	fits_80_columns
	says 'quote"'
}

@test "threads of one pattern share a row; with --threads all each has its own" {
	run "$TARE" run -- "$PROGRAMS/threads" 8 64 </dev/null
	status_is 0
	says 'worker-\* ×8'
	says_not 'worker-3 '
	run "$TARE" run --threads all -- "$PROGRAMS/threads" 8 64 </dev/null
	status_is 0
	for i in 0 1 2 3 4 5 6 7; do
		says "worker-$i"
	done
	says 'balanced'
}

@test "no colours but on a terminal, and not with NO_COLOR" {
	run "$TARE" run -- true
	says_not $'\e'
	TERM=xterm run "$LIB/terminal.py" -- "$TARE" run -- true
	says $'\e\\['
	NO_COLOR=1 TERM=xterm run "$LIB/terminal.py" -- "$TARE" run -- true
	says 'books balance'
	says_not $'\e\\['
}

@test "the peak is the highest amount held, within its bound" {
	"$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/threads" 4 8192 </dev/null
	# 80 MiB by the workers; libc, stacks and the program add at most 4 MiB.
	report assert "$DIR/r.json" \
		"abs(r['peak']['rss'] - sum(p['rss_at_peak'] for p in processes)) <= \
			r['peak']['bound']" \
		"(80 << 20) - r['peak']['bound'] <= r['peak']['rss']" \
		"r['peak']['rss'] <= (84 << 20) + r['peak']['bound']" \
		"abs(processes[0]['rss_peak'] - r['peak']['rss']) <= r['peak']['bound']" \
		"by_comm('worker-3')[0]['rss_at_peak'] >= 32 << 20" \
		"r['peak']['bound'] <= 4 << 20" \
		"max(s['rss'] for s in r['series']) <= r['peak']['rss'] + r['peak']['bound']"
}
