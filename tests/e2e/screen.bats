#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The default screen: at most 25 lines for any program, and the right process, thread and function
# in the first rows.

load lib/common
load lib/hold

# screen COMMAND…: the lines of its standard error, without those of other programs.
screen() {
	"$@" 2>"$DIR/err" >"$DIR/out" </dev/null 3>&- || fail "status $?:" "$(cat "$DIR/err")"
	sed -n '/^━━ tare/,$p' "$DIR/err" >"$DIR/screen"
	output=$(cat "$DIR/screen")
	# The story of an OOM kill comes on top of them.
	[ "$(sed '/^OOM: /,/^peak: /d' "$DIR/screen" | wc -l)" -le 25 ] ||
		fail "more than 25 lines:" "$output"
	fits_80_columns
	says '^peak: ' '^trust: ' '^weight: ' '^more: --full'
}

# row TITLE N PATTERN: the Nth row below the titles that have TITLE.
row() {
	local row
	row=$(sed -n "/ $1 /,/^\$/p" "$DIR/screen" | sed -n "$(($2 + 1))p")
	grep -q -E -e "$3" <<<"$row" || fail "row $2 of $1 is not $3:" "$output"
}

@test "true: a few lines, and no section without rows" {
	screen "$TARE" run -- true
	[ "$(wc -l <"$DIR/screen")" -le 22 ] || fail "$output"
	row WHO 1 ' true '
	says_not "books:" TOTALS
}

@test "sqlite3: the function, past malloc" {
	need sqlite3
	screen "$TARE" run -- sqlite3 :memory: "create table t(a, b);
		with recursive n(i) as (select 1 union all select i + 1 from n where i < 1500000)
		insert into t select i, hex(randomblob(50)) from n"
	row WHO 1 ' sqlite3'
	row WHERE 1 'sqlite3BtreeInsert'
	says '^when: .*95 %'
}

@test "python3 with 30 named threads: the heaviest thread and its function come first" {
	need python3
	cat >"$DIR/named.py" <<-'END'
		import threading
		kept = []
		done = threading.Barrier(30)
		def load(n):
		    kept.append([bytes(4000) for _ in range(n)])
		    done.wait()
		for i in range(30):
		    name, n = ("loader", 20000) if i == 7 else (f"small-{i}", 100)
		    threading.Thread(target=load, args=(n,), name=name).start()
	END
	screen "$TARE" run -- python3 "$DIR/named.py"
	row WHO 1 ' python.*named.py +[0-9]'
	row WHO 2 'loader .*named.py:5'
	row WHERE 1 'named.py:5 load'
}

@test "a fork storm of 1,000 processes: one row for all, its largest below" {
	need python3
	cat >"$DIR/storm.py" <<-'END'
		import os
		for i in range(1000):
		    if not os.fork():
		        held = b"x" * (90 << 20 if i == 500 else 1 << 16)
		        os._exit(0)
		    if i % 8 == 7:
		        for _ in range(8):
		            os.wait()
	END
	screen "$TARE" run -- python3 "$DIR/storm.py"
	row WHO 1 'python3 ×1,001 '
	row WHO 2 'python.* (9[0-9]|10[0-9])(\.[0-9])? MiB.*storm.py:4'
	says 'storm.py:4'
}

@test "an OOM: the victim is named, apart from a process that was killed otherwise" {
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "with swap, no process is killed at the limit"
	# shellcheck disable=SC2016 # the command's own shell expands it
	screen "$TARE" run --memory-max 64MiB -- sh -c \
		'sleep 60 & "$PROGRAMS/hog" 256; kill -KILL $!; wait $!; exit 0' </dev/null
	says '^OOM: .*hog (pid [0-9]*), which held' '^limit: .* of 64.0 MiB in'
	row WHO 1 '^OOM +[0-9]+ +hog 256 '
	row WHO 2 '^✗ +[0-9]+ +sleep 60 '
	row WHERE 1 ' touch '
	# The recording and JSON know it too.
	"$TARE" run --memory-max 64MiB -r "$DIR/r.tare" -o "$DIR/r.json" -- \
		sh -c '"$PROGRAMS/hog" 256; exit 0' </dev/null >"$DIR/out" 2>&1
	report assert "$DIR/r.json" \
		"[p['comm'] for p in processes if p['oom_killed']] == ['hog']"
	"$TARE" report "$DIR/r.tare" -o "$DIR/again.json"
	cmp "$DIR/r.json" "$DIR/again.json"
}

@test "a late attach: what was held before is in the head, not a function" {
	hold "$PROGRAMS/give_take" 64
	reaches
	screen "$TARE" attach -p "${started[0]}" --duration 200ms
	says '^held: .* before tare came'
	says_not '\[before\]'
}

@test "--full has all sections, --show those that are asked for" {
	run "$TARE" run --full -- true
	status_is 0
	says '^books: ' '^TOTALS' '^WHO' '^WHY' '^WHERE' '^KERNEL' '^MAPPED'
	run "$TARE" run --show why,kernel,who -- true
	says '^WHO' '^WHY' '^KERNEL' '^trust: '
	says_not '^TOTALS' '^WHERE' '^MAPPED'
	[ "$(grep -n -o -E '^(WHO|WHY|KERNEL)' <<<"$output" | cut -d: -f2 | tr '\n' ' ')" = \
		'WHO WHY KERNEL ' ] || fail "$output"
	"$TARE" run -r "$DIR/r.tare" -- true >"$DIR/out" 2>&1
	run "$TARE" report "$DIR/r.tare" --show totals
	says '^TOTALS'
	run "$TARE" report "$DIR/r.tare" --show totals,frobnicate
	status_is 125
	says 'frobnicate' 'books, totals, who, why, where, kernel'
}

@test "functions are sampled by default, and --period 0 takes no samples" {
	"$TARE" run -o "$DIR/r.json" -- python3 -c 'x = bytes(20 << 20)'
	report assert "$DIR/r.json" "r['samples']['count'] > 100" \
		"r['when']['near_peak_ns'] <= r['duration_ns']"
	"$TARE" run --period 0 -o "$DIR/r.json" -- true
	report assert "$DIR/r.json" "'samples' not in r"
}
