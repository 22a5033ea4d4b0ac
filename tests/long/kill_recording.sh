#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# tests/long/kill_recording.sh [ROUNDS [MOST]]: kills tare (kill -9) at any moment of a
# recording, while more programs run than there are CPUs. Checks that each recording opens, and
# how much of its end is lost. Prints a table.
#
# ROUNDS: 50 by default. MOST: seconds that may be lost, 1 by default; 0: no limit.

TARE=${TARE:-build/tare}
rounds=${1:-50} most=${2:-1}
dir=$(mktemp -d)
burners=()

clean_up() {
	kill "${burners[@]}" 2>/dev/null
	wait 2>/dev/null
	rm -rf "$dir"
}
trap clean_up EXIT

# A load that grows, shrinks, and starts and ends processes.
cat >"$dir/churn.py" <<'END'
import os, time
def grow(n):
    return [[i] * 50 for i in range(n)]
kept = []
while True:
    kept.append(grow(300))
    if len(kept) > 100:
        kept.pop(0)
    pid = os.fork()
    if not pid:
        grow(500)
        os._exit(0)
    os.waitpid(pid, 0)
END

for ((i = 0; i < 2 * $(nproc); i++)); do
	while :; do :; done &
	burners+=($!)
done

figure() {
	sqlite3 "$dir/r.tare" "SELECT value FROM figures WHERE name = '$1'"
}

has_begun() {
	[ -s "$dir/r.tare" ] && [ "$(sqlite3 "$dir/r.tare" "SELECT value > 500000000
		FROM figures WHERE name = 'duration_ns'" 2>/dev/null)" = 1 ]
}

# The loss in ms: from the last state in the file to the moment after the kill.
round() {
	local pid before after report lost
	rm -f "$dir"/r.tare*
	"$TARE" run --as-root --kill-on-exit -r "$dir/r.tare" -- python3 "$dir/churn.py" \
		>/dev/null 2>&1 &
	pid=$!
	until has_begun; do
		kill -0 "$pid" || return 1
	done
	# Kills at a different moment each time.
	python3 -c "import random, time; time.sleep(random.random() * 2.5)"
	before=${EPOCHREALTIME/./}
	kill -KILL "$pid"
	after=${EPOCHREALTIME/./}
	wait "$pid" 2>/dev/null
	[ -e "$dir/r.tare-journal" ] && journal=yes || journal=no
	report=opens
	"$TARE" report --show notes "$dir/r.tare" >"$dir/said" 2>&1 || report="does not open"
	grep -q 'recording incomplete' "$dir/said" || report='says nothing'
	[ "$(sqlite3 "$dir/r.tare" 'PRAGMA integrity_check')" = ok ] || report=damaged
	lost=$(((after - $(figure started_us) - $(figure duration_ns) / 1000) / 1000))
	printf '%5s  %8s  %8s  %7s  %s\n' "$1" "$lost" "$(((after - before) / 1000))" "$journal" \
		"$report"
	worst=$((lost > worst ? lost : worst))
	[ "$report" = opens ]
}

worst=0 failed=0
printf '%5s  %8s  %8s  %7s  %s\n' ROUND 'LOST ms' '± ms' JOURNAL FILE
for ((n = 1; n <= rounds; n++)); do
	round "$n" || failed=$((failed + 1))
done
echo "$rounds kills: $failed files that are not as they should be; at most $worst ms lost"
[ "$failed" = 0 ] && { [ "$most" = 0 ] || [ "$worst" -le $((most * 1000)) ]; }
