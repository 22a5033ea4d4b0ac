# SPDX-License-Identifier: GPL-2.0-only
#
# For tests of sampled stacks: makes folded stacks, and checks how many of them are complete.

# folded OPTION… -- COMMAND…: writes folded stacks to $DIR/out.folded
folded() {
	"$TARE" run --as-root -o "$DIR/out.folded" "$@" >/dev/null
}

# Prints the bytes of the stacks that match a pattern.
bytes_of() {
	grep -E -e "$1" "$DIR/out.folded" | awk '{ sum += $NF } END { print sum + 0 }'
}

# between PATTERN LEAST MOST: checks the bytes of the stacks that match.
between() {
	local got
	got=$(bytes_of "$1")
	if [ "$got" -le "$2" ] || [ "$got" -ge "$3" ]; then
		fail "$got bytes below $1" "$(sort -t ' ' -k 2 "$DIR/out.folded" | head -20)"
	fi
}

# Checks that the 32 MiB of call_tree are below these frames.
grown_below() {
	between "$1" $((31 << 20)) $((34 << 20))
}

# complete COMMAND…: 99 % of the stacks are complete, nothing was lost, and the sums agree.
complete() {
	"$TARE" run --as-root --period "${PERIOD:-64KiB}" -o "$DIR/r.json" -- "$@" >/dev/null 2>&1
	summary
}
summary() {
	python3 - "$DIR/r.json" <<-'END' || fail "$(jq -c .samples "$DIR/r.json")"
		import json, sys
		r = json.load(open(sys.argv[1]))
		s = r["samples"]
		assert s["count"] >= 50, "too few samples"
		assert s["complete_share"] >= 0.99, s["complete_share"]
		assert not s["lost"]["samples"] and not s["lost"]["vma_changes"]
		kinds = ["anon", "file", "shmem", "pagetable", "kstack", "kmem"]
		grown = sum(max(t[k]["in"], 0)
		            for p in r["processes"] for t in p["tasks"] for k in kinds if t.get(k))
		assert s["types"]["grown"]["total"] == grown, (s["types"], grown)
	END
}
