#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare bench over its catalogue: figures that follow from known facts, and the reports made of
# them. Commands of the user's own and interrupted benches are in bench_own.bats.

load lib/common

# Shared by the tests: built once, weighed once.
setup_file() {
	export C=$BATS_FILE_TMPDIR/c.db BUILT=$BATS_FILE_TMPDIR/built
	"$TARE" bench --only c-pthread,c-io-uring,c-stackless --tasks 1,1k,10k \
		--runs 2 --build-dir "$BUILT" -o "$C" >"$BATS_FILE_TMPDIR/c.txt"
}

bench() {
	"$TARE" bench --build-dir "$BUILT" "$@"
}

results() {
	run "$LIB/bench.py" "$@"
	[ "$status" = 0 ] || fail "$output"
}

sql() {
	sqlite3 "$@"
}

# Skips if only page tables and stacks of kernel memory are measured.
need_kmem() {
	! grep -q 'not measured' <<<"$(sql "$C" 'SELECT measured FROM bench')" ||
		skip "kernel memory is not measured here"
}

@test "all results match the schema, and their sums and times agree" {
	results check "$C"
	results assert "$C" "r['complete']" "len(r['rows']) == 3" \
		"all(len(runs(w['id'], s)) == 6 for w in r['rows'] \
			for s in ('steady', 'peak') if w['status'] == 'ok')" \
		"all(x['settled'] for w in r['rows'] for x in runs(w['id']))" \
		"all(w['version'] for w in r['rows'])" \
		"all(runs(w['id'], 'peak')[i]['weight'] >= x['weight'] - 65536 \
			for w in r['rows'] for i, x in enumerate(runs(w['id'])))"
}

@test "a C thread costs a kernel stack of 16 KiB and its stack's pages" {
	[ "$(uname -m)" = x86_64 ] || skip "kernel stacks are of another size"
	results assert "$C" \
		"abs(slope('c-pthread', 'kstack') - 16384) <= 1" \
		"8192 <= slope('c-pthread', 'anon') <= 9000" \
		"row('c-pthread')['kinds']['anon']['linear']" \
		"4096 < slope('c-pthread', 'pagetable') < 12288" \
		"tare('c-pthread', 'weight') < 8 << 20"
	need_kmem
	results assert "$C" "slope('c-pthread', 'kmem') > 2000" \
		"abs(slope('c-pthread', 'charged') / slope('c-pthread', 'weight') - 1) < .05"
}

@test "an io_uring timeout costs an io_kiocb and no user memory" {
	results assert "$C" "True"
	"$LIB/bench.py" assert "$C" "has('c-io-uring')" >/dev/null ||
		skip "io_uring can't be had here"
	results assert "$C" "abs(slope('c-io-uring', 'rss')) < 16" \
		"slope('c-io-uring', 'kstack') == 0"
	need_kmem
	# Each CPU may be charged for 64 unused pages: little, compared with 100,000 of these.
	bench --only c-io-uring --tasks 1,1k,100k --runs 2 -o "$DIR/r.db" >"$DIR/out"
	results assert "$DIR/r.db" "256 <= slope('c-io-uring', 'kernel') <= 300" \
		"abs(slope('c-io-uring', 'charged') / slope('c-io-uring', 'weight') - 1) < .1"
}

@test "a stackless task costs its struct of 16 bytes" {
	results assert "$C" "12 <= slope('c-stackless', 'anon') <= 24" \
		"slope('c-stackless', 'kstack') == 0" "slope('c-stackless', 'weight') < 40"
}

@test "the other C workloads and the installed languages are weighed" {
	need gcc
	local python=/usr/bin/python3 c=c-pthread-64k,c-ucontext,c-epoll,cxx-coroutine
	bench --only "$c,py-asyncio,node,rust-threads,go" --tasks 1,1k --runs 1 \
		-o "$DIR/r.db" >"$DIR/out"
	bench --only c-fork --tasks 1,100 --runs 1 -o "$DIR/f.db" >"$DIR/out"
	results check "$DIR/r.db"
	results check "$DIR/f.db"
	# A language that is not installed names the package that brings it.
	results assert "$DIR/r.db" "len(r['rows']) == 8" \
		"all(w['status'] in ('ok', 'missing') for w in r['rows'])" \
		"all(w['missing'] for w in r['rows'] if w['status'] == 'missing')" \
		"all(len(runs(w['id'])) == 2 for w in r['rows'] if has(w['id']))" \
		"has('c-pthread-64k') and has('c-ucontext') and has('c-epoll')" \
		"slope('c-pthread-64k', 'pagetable') < 4096" \
		"abs(slope('c-pthread-64k', 'kstack') - 16384) <= 1 or $(uname -m | grep -vc x86)" \
		"4096 <= slope('c-ucontext', 'anon') <= 20000" \
		"not has('cxx-coroutine') or 100 < slope('cxx-coroutine', 'anon') < 1000" \
		"not has('go') or 2048 <= slope('go', 'anon') < 5000" \
		"not has('node') or 100 < slope('node', 'user') < 20000" \
		"not has('rust-threads') or abs(slope('rust-threads', 'kstack') - 16384) <= 1 or \
			$(uname -m | grep -vc x86)" \
		"not has('py-asyncio') or 500 < slope('py-asyncio', 'user') < 5000" \
		"all(slope(i, 'kstack') == 0 \
			for i in ('c-ucontext', 'c-epoll', 'py-asyncio') if has(i))"
	[ ! -x $python ] || results assert "$DIR/r.db" "has('py-asyncio')"
	# A process costs a kernel stack, page tables, and its own copies of some pages.
	results assert "$DIR/f.db" "slope('c-fork', 'pagetable') >= 20000" \
		"slope('c-fork', 'kstack') >= 16384" "slope('c-fork', 'anon') >= 8192"
}

# ids JQ-CONDITION: the workloads of this machine's own Debian that can run here, with commas.
ids() {
	bench --list | awk '$2 == "bookworm" && $4 != "missing:" { print $1 }' >"$DIR/there"
	jq -r --rawfile there "$DIR/there" "(\$there | split(\"\n\")) as \$ids |
		[.workloads[] | select((.id | IN(\$ids[])) and ($1)) | .id] | join(\",\")" \
		"$BATS_TEST_DIRNAME/../../tools/workloads/catalogue.json"
}

@test "every workload whose runtime is here starts 1 and 10 tasks" {
	need jq
	# `fetched`: the build fetches another .NET or its compiler from NuGet, so their runtime is
	# not here. `tested`: by the other tests of this file.
	local fetched='(.build // "" | test("-p:"))'
	local tested='(.id | test("^c-|^cxx-cor|^(go|node|rust-threads|py-asyncio)$"))'
	local more='(.id | test("^c-(.*-connect|pth|st)$"))'
	# Each cargo compiles all crates again, for minutes: one of them is enough.
	local again='(.id != "rust-tokio" and (.build // "" | test("cargo build")))'
	local here="($fetched | not) and ($again | not) and (($tested | not) or $more)"
	local part pids=() pid
	# Side by side, since they mostly wait: the silent ones sleep for ten seconds.
	declare -A parts=([silent]=.silent [connect]='(.silent | not) and .family == "connect"'
		[sleep]='(.silent | not) and .family != "connect"')
	for part in "${!parts[@]}"; do
		bench --only "$(ids "($here) and (${parts[$part]})")" --runs 1 \
			--tasks "$([ "$part" = silent ] || echo 1,)10" \
			-o "$DIR/$part.db" >"$DIR/$part" 2>&1 &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid" || fail "$(tail "$DIR"/{silent,connect,sleep})"
	done
	for part in "${!parts[@]}"; do
		results check "$DIR/$part.db"
		results assert "$DIR/$part.db" "len(r['rows']) >= 2" \
			"[w['id'] for w in r['rows'] if w['status'] != 'ok'] == []" \
			"all(w['state'] == '$([ "$part" = silent ] && echo peak || echo steady)' \
				and w['most'] == 10 for w in r['rows'])"
	done
}

@test "a program that uses a CPU changes no weight, and is told" {
	local hog cpus
	cpus=$(nproc)
	sh -c 'while :; do :; done' &
	hog=$!
	bench --only c-pthread,c-stackless --tasks 1,1k,10k --runs 2 -o "$DIR/r.db" >"$DIR/out"
	kill "$hog"
	results check "$DIR/r.db"
	results assert "$DIR/r.db" "abs(slope('c-pthread', 'kstack') - 16384) <= 1" \
		"8192 <= slope('c-pthread', 'anon') <= 9000" \
		"12 <= slope('c-stackless', 'anon') <= 24" \
		"all(x['others'] > .4 / $cpus for w in r['rows'] for x in w['runs'])"
	[ "$cpus" -gt 3 ] || grep -q '^BUSY .*other programs' "$DIR/out"
}

@test "results in every format, chosen by --format or by the suffix of -o" {
	local format suffix
	for format in table:txt csv:csv json:json markdown:md; do
		suffix=${format#*:}
		"$TARE" bench report "$C" --format "${format%:*}" >"$DIR/out.$suffix"
		"$TARE" bench report "$C" -o "$DIR/file.$suffix"
		cmp "$DIR/out.$suffix" "$DIR/file.$suffix"
	done
	run cat "$DIR/out.txt"
	says 'C io_uring timeouts' 'B/TASK' 'machine:'
	fits_80_columns
	head -n 5 "$DIR/out.md" | grep -q '|\|#'
	python3 - "$DIR" <<-'END'
		import csv, json, sys
		rows = list(csv.DictReader(open(sys.argv[1] + "/out.csv", newline="")))
		rows_of = json.load(open(sys.argv[1] + "/out.json"))["rows"]
		runs = [x for w in rows_of for x in w["runs"]]
		assert len(rows) == len(runs) == 36, (len(rows), len(runs))
		assert [int(x["anon"]) for x in rows] == [x["anon"] for x in runs], "anon differs"
	END
	# The bench itself printed the same table at its end.
	diff <(tail -n +2 "$DIR/out.txt") <(tail -n +2 "$BATS_FILE_TMPDIR/c.txt")
	run "$TARE" bench report "$C" --format yaml
	status_is 125
	says 'table, csv, json'
}

@test "compare shows two results, workload by workload" {
	run "$TARE" bench compare "$C" "$C"
	status_is 0
	says 'C threads' 'C io_uring'
	"$TARE" bench compare "$C" "$C" -o "$DIR/out"
	[ -s "$DIR/out" ]
	run "$TARE" bench compare "$C"
	status_is 125
	says 'two files'
	run "$TARE" bench compare "$C" "$DIR/none.db"
	status_is 1
	says "$DIR/none.db"
}

@test "a file that is damaged or not from tare bench is refused with status 1" {
	head -c 20000 "$C" >"$DIR/cut.db"
	cp "$C" "$DIR/noise.db"
	dd if=/dev/urandom of="$DIR/noise.db" bs=4096 seek=2 count=4 conv=notrunc status=none
	: >"$DIR/empty.db"
	echo text >"$DIR/text.db"
	sql "$DIR/other.db" 'CREATE TABLE bench (x)'
	local file
	for file in cut noise empty text other none; do
		run "$TARE" bench report "$DIR/$file.db"
		status_is 1
		says "^tare: .*$file.db"
		[ "$(wc -l <<<"$output")" -le 3 ] || fail "$output"
	done
	run "$TARE" bench report
	status_is 125
	run "$TARE" bench report "$DIR"
	status_is 1
}

@test "--after weighs what is left when the tasks have ended" {
	bench --only c-pthread,c-stackless --tasks 1k --runs 1 --after -o "$DIR/r.db" >"$DIR/out"
	results check "$DIR/r.db"
	results assert "$DIR/r.db" \
		"all(len(runs(i, 'after')) == 1 and runs(i, 'after')[0]['after'] \
			for i in ('c-pthread', 'c-stackless'))" \
		"mean('c-pthread', 'after', 'kstack', 1000) <= 2 * 16384" \
		"mean('c-pthread', 'after', 'weight', 1000) < \
			mean('c-pthread', 'steady', 'weight', 1000) / 2"
}

@test "--touch makes each task use that much more of its stack" {
	bench --only c-pthread,c-stackless --tasks 1,1k --runs 1 --touch 8KiB -o "$DIR/r.db" \
		>"$DIR/out"
	results assert "$DIR/r.db" "r['options']['touch'] == 8192" \
		"row('c-stackless')['status'] == 'missing'" \
		"'--touch' in row('c-stackless')['missing']" \
		"4096 <= slope('c-pthread', 'anon') - 8400 <= 12288 + 500"
}

@test "--resume of some workloads leaves a bench incomplete; of all, completes it" {
	cp "$C" "$DIR/r.db"
	sql "$DIR/r.db" "UPDATE bench SET complete = 0"
	bench --resume -o "$DIR/r.db" --only c-stackless --tasks 1 --runs 1 >"$DIR/out" 2>&1
	results assert "$DIR/r.db" "not r['complete']"
	bench --resume -o "$DIR/r.db" --only c-pthread,c-io-uring,c-stackless --tasks 1 --runs 1 \
		>"$DIR/out" 2>&1
	results assert "$DIR/r.db" "r['complete']"
}

@test "under sudo built files belong to the user; an existing folder keeps its owner" {
	[ "$(id -u)" = 0 ] || skip "not root"
	mkdir "$DIR/there" "$DIR/secret" "$DIR/there/b2"
	"$LIB/bench.py" catalogue "$DIR/c.json" \
		'{"id": "b1", "build": "true", "run": ["sleep", "{n}"]}' \
		'{"id": "b2", "build": "true", "run": ["sleep", "{n}"]}' \
		'{"id": "b3", "build": "true", "run": ["sleep", "{n}"]}'
	ln -s "$DIR/secret" "$DIR/there/b3"
	SUDO_UID=65534 SUDO_GID=65534 "$TARE" bench --catalogue "$DIR/c.json" \
		--build-dir "$DIR/there" \
		--tasks 1 --runs 1 >"$DIR/out" 2>&1
	[ "$(stat -c %u "$DIR/there" "$DIR/there/b1" "$DIR/there/b2" "$DIR/secret" |
		xargs)" = '0 65534 0 0' ] ||
		fail "$(ls -ln "$DIR" "$DIR/there")"
}

# stopped_by of an --after run. The program prints ready, waits SECONDS, and prints that line.
after_by() {
	rm -f "$DIR/r.db"
	"$LIB/bench.py" catalogue "$DIR/c.json" '{"id": "says", "after": true, "run":
		["sh", "-c", "echo ready $0; sleep '"$1"'; echo after '"$2"'; exec sleep 100",
		"{n}"]}'
	"$TARE" bench --catalogue "$DIR/c.json" --build-dir "$DIR/b" --tasks 1 --runs 1 --after \
		-o "$DIR/r.db" >"$DIR/out" 2>&1
	sql "$DIR/r.db" "SELECT coalesce(stopped_by, 'ok') FROM runs WHERE after"
}

@test "--after: a count other than N, or tasks that end too early, fail the run" {
	[ "$(after_by 10 1)" = ok ] || fail "$(cat "$DIR/out")"
	[ "$(after_by 10 7)" = 'it said after 7' ] || fail "$(cat "$DIR/out")"
	[ "$(after_by 0 1)" = 'its tasks ended before they were weighed' ] ||
		fail "$(cat "$DIR/out")"
}

@test "without a peer the workloads that need it fail, and the bench goes on" {
	"$LIB/bench.py" catalogue "$DIR/c.json" \
		'{"id": "connects", "family": "connect", "run": ["sleep", "{n}", "{peer}"]}' \
		'{"id": "sleeps", "run": ["sh", "-c", "echo ready $0; exec sleep 100", "{n}"]}'
	"$TARE" bench --catalogue "$DIR/c.json" --build-dir "$DIR/b" --tasks 1 --runs 1 \
		-o "$DIR/r.db" >"$DIR/out" 2>&1
	results assert "$DIR/r.db" "r['complete']" "row('connects')['status'] == 'failed'" \
		"has('sleeps')"
	run cat "$DIR/out"
	says 'the peer to connect to'
}

@test "connections cost kernel memory, and the peer ends with the bench" {
	bench --only c-epoll-connect --tasks 1,100 --runs 1 -o "$DIR/r.db" >"$DIR/out"
	results check "$DIR/r.db"
	results assert "$DIR/r.db" "len(runs('c-epoll-connect')) == 2" \
		"slope('c-epoll-connect', 'anon') < 500"
	for peer in /proc/[0-9]*/exe; do
		[ "$(readlink "$peer")" != "$BUILT/peer/peer" ] || fail "a peer is left: $peer"
	done
	need_kmem
	results assert "$DIR/r.db" "1000 < slope('c-epoll-connect', 'kernel') < 20000"
}

@test "a runtime that is not installed: its row names the package, status 0" {
	"$LIB/bench.py" catalogue "$DIR/c.json" \
		'{"id": "none", "run": ["no-such-tool", "{n}"], "needs": ["no-such-tool"],
		"packages": ["tool-package"]}' \
		'{"id": "unbuilt", "run": ["true", "{n}"],
		"build": "echo main.c:7: broken >&2; exit 3"}'
	mkdir "$DIR/none" "$DIR/unbuilt"
	run bench --catalogue "$DIR/c.json" --tasks 1 --runs 1 -o "$DIR/r.db"
	status_is 0
	says 'none: missing.*tool-package' 'cannot be built: main.c:7: broken'
	results assert "$DIR/r.db" "r['complete']" \
		"all(w['status'] == 'missing' for w in r['rows'])" \
		"'tool-package' in row('none')['missing']" "row('unbuilt')['version'] == '1.0'"
	run bench --catalogue "$DIR/c.json" --list
	status_is 0
	says '^none .*missing.*tool-package' '^unbuilt .*the unbuilt'
}

@test "an N above the catalogue's max is replaced by the max" {
	"$LIB/bench.py" catalogue "$DIR/c.json" \
		'{"id": "few", "max": 7,
		"run": ["sh", "-c", "echo ready $0; exec sleep 100", "{n}"]}'
	mkdir "$DIR/few"
	bench --catalogue "$DIR/c.json" --tasks 2,10,1k --runs 1 -o "$DIR/r.db" >"$DIR/out"
	results assert "$DIR/r.db" "[x['tasks'] for x in runs('few')] == [2, 7]"
}

@test "a program is built again only when its source has changed" {
	"$LIB/bench.py" catalogue "$DIR/c.json" \
		'{"id": "made", "build": "cat {src}/main >>{out}/made",
		"run": ["sh", "{out}/made", "{n}"]}'
	mkdir "$DIR/made"
	echo 'echo ready $1; exec sleep 100' >"$DIR/made/main"
	build() { bench --catalogue "$DIR/c.json" --build-dir "$DIR/b" --tasks 1 --runs 1 \
		>"$DIR/out"; }
	build
	build
	[ "$(wc -l <"$DIR/b/made/made")" = 1 ] || fail "built again"
	echo '# changed' >>"$DIR/made/main"
	build
	[ "$(wc -l <"$DIR/b/made/made")" = 3 ] || fail "not built again"
}

@test "a catalogue with errors is refused with line, reason and status 2" {
	local entry='{"id": "x", "run": ["true"]}'
	"$LIB/bench.py" catalogue "$DIR/good.json" "$entry"
	wrong() { # sed script, line, reason
		sed "$1" "$DIR/good.json" >"$DIR/bad.json"
		! cmp -s "$DIR/good.json" "$DIR/bad.json" || fail "sed $1 did nothing"
		run bench --catalogue "$DIR/bad.json" --list
		status_is 125
		says "^tare: .*bad.json:$2: .*$3"
	}
	wrong 's/"version":/"version"/' '[0-9]*' ''
	wrong 's/"family": "sleep"/"family": "nap"/' 4 \
		'family: not sleep, connect, touch or channel'
	wrong 's/"max": 1000/"max": 0/' 4 'max'
	wrong '/"max"/d' 4 'max'
	wrong 's/"id": "x"/"id": "..\/x"/' 4 'id'
	wrong 's/"needs": \[\]/"needs": 5/' 4 'needs'
	run bench --catalogue "$DIR/none.json"
	status_is 1
	says 'none.json'
	run bench --catalogue "$DIR"
	status_is 125
}

@test "--only that matches nothing suggests the nearest name" {
	run bench --only c-pthred
	status_is 125
	says 'c-pthred: no workload' '--only c-pthread'
	run bench --only 'c-pthread,zzzzzz' --list
	status_is 125
	says 'zzzzzz'
	run bench --only= --list
	status_is 125
	run bench --only 'C,Go' --list
	status_is 0
	says '^c-pthread ' '^go ' '^go-connect '
	says_not '^py-'
	# An id takes precedence over a language with the same name.
	run bench --only go --list
	[ "$(wc -l <<<"$output")" = 1 ] || fail "$output"
}
