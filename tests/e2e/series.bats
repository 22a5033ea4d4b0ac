#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The curve by kind: while a workload holds still, each point equals the report's totals to the
# page, and the kinds of each point add up to its weight.

load lib/common
load lib/hold

# Waits for a report whose last point is later than $1 ns, by a snapshot each time.
later_than() {
	n=$((n + 1))
	kill -USR1 "${started[0]}"
	until_true 10 test -e "$DIR/x.$n.json"
	jq -e ".series[-1].time_ns > $1" "$DIR/x.$n.json" >/dev/null
}

# held PROGRAM ARG…: makes a report at its first checkpoint, with the curve's last point from
# after it.
held() {
	n=1
	hold "$TARE" run --as-root --interval 10ms "${options[@]}" -o "$DIR/x.json" \
		-- "$PROGRAMS/$1" "${@:2}"
	reaches
	kill -USR1 "${started[0]}"
	until_true 10 test -e "$DIR/x.1.json"
	until_true 10 later_than "$(jq .duration_ns "$DIR/x.1.json")"
}

# The last point of report $2 was taken between report $1 and report $2. Each of its kinds must
# have the value of that time, apart from what changed in between. A workload that holds still
# changes nothing; the kernel frees leftovers of earlier work.
same() {
	python3 - "$DIR/x.$1.json" "$DIR/x.$2.json" <<-'END'
		import json, sys
		earlier, r = (json.load(open(path)) for path in sys.argv[1:])
		last, bad = r["series"][-1], []
		assert earlier["duration_ns"] < last["time_ns"] < r["duration_ns"]
		def flow(report, kind, way):
		    total = report["totals"][kind]
		    others = total["by_others"][way] if "by_others" in total else 0
		    return (total[way] or 0) + (others or 0)
		for kind, held in last["kinds"].items():
		    net = earlier["totals"][kind]["net"]
		    if net is None or held is None:
		        if (net, held) != (None, None):
		            bad.append(f"{kind}: {held} at the last point, {net} in the totals")
		        continue
		    came, went = (flow(r, kind, way) - flow(earlier, kind, way)
		                  for way in ("in", "out"))
		    # The difference between the group's counter and the events may be in either.
		    off = [0] + [x["totals"][kind]["unattributed"] or 0 for x in (earlier, r)]
		    net -= off[1]
		    if not net - went + min(off) <= held <= net + came + max(off):
		        bad.append(f"{kind}: {held} at the last point, {net} before, "
		                   f"-{went} +{came}, {off}")
		for p in r["series"]:
		    k = p["kinds"]
		    rss = k["anon"] + k["file"] + k["shmem"]
		    beside = k["swap"] + k["pagetable"] + k["kstack"] + (k["kmem"] or 0)
		    if (rss, beside) != (p["rss"], p["non_rss"]):
		        bad.append(f"{p}: {rss}, {beside}")
		assert len(r["series"]) > 1 and any(last["kinds"].values())
		print(*bad, sep="\n", file=sys.stderr)
		sys.exit(len(bad) > 0)
	END
}

equal() {
	local before=$n
	until_true 10 later_than "$(jq .duration_ns "$DIR/x.$n.json")"
	same "$before" "$n" || fail "$(jq -c '.series[-1], .totals' "$DIR/x.$n.json")"
	let_go
	report check "$DIR/x.json"
}

@test "the curve of threads" {
	options=()
	held threads 40 256
	equal
}

@test "the curve of processes, with memory that fork copied" {
	options=()
	held fork_tree
	equal
}

@test "the curve of shared memory and files" {
	options=()
	held populate 4
	equal
}

@test "the curve of page tables, also of huge pages" {
	options=()
	held huge
	equal
}

@test "the curve by the classic backend" {
	options=(--force-backend classic)
	held threads 8 256
	equal
}

@test "without a control group other kernel memory is not measured" {
	options=(--no-cgroup)
	held threads 8 256
	[ "$(jq '.series[-1].kinds.kmem' "$DIR/x.$n.json")" = null ]
	equal
}

@test "attached: the curve includes memory from before" {
	hold "$PROGRAMS/threads" 8 256
	reaches
	"$TARE" attach -p "${started[0]}" --interval 10ms -o "$DIR/x.json" 2>"$DIR/err" 3>&- 9>&- &
	started=($! "${started[0]}")
	n=0
	until_true 10 takes_usr1 "${started[0]}"
	until_true 10 later_than 50000000
	equal
}
