#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Virtual memory: who mapped it, and how much of it is mapped but untouched. Measured by a
# snapshot of a program that holds still.

load lib/common
load lib/hold

# held CASE OPTIONS…: takes a snapshot of tests/programs/ask at its checkpoint, as
# $DIR/x.1.SUFFIX.
held() {
	local case=$1
	shift
	started=()
	hold "$TARE" run --as-root "$@" -- "$PROGRAMS/ask" "$case"
	reaches
	kill -USR1 "${started[-1]}"
	until_true 10 compgen -G "$DIR/x.1.*" >/dev/null
	let_go
}

# Checks the MiB of the stacks through a function; they may be off by two.
below() {
	local got
	got=$(grep -e ";$1;" "$DIR/x.1.folded" | awk '{ sum += $NF } END { print sum + 0 }')
	[ "$got" -gt $((($2 - 2) << 20)) ] && [ "$got" -lt $((($2 + 2) << 20)) ] ||
		fail "$((got >> 10)) KiB, not $2 MiB, below $1" "$(cat "$DIR/x.1.folded")"
}

mapped() {
	held "$1" --sample-type virtual -o "$DIR/x.folded"
}
untouched() {
	rm -f "$DIR"/x.*
	held "$1" --sample-type untouched -o "$DIR/x.folded"
}

@test "1 GiB mapped, 1 MiB touched" {
	mapped big
	below ask_anonymous 1024
	untouched big
	below ask_anonymous 1023
}

@test "virtual memory in JSON; without stacks the report has none" {
	held big --period 64KiB -o "$DIR/x.json"
	jq -e '.samples.virtual | .count > 0 and (.bytes - 1073741824 | . > 0 and . < 16777216)
		and (1072693248 - .untouched | . < 1048576)' "$DIR/x.1.json" ||
		fail "$(jq -c .samples "$DIR/x.1.json")"
	# The program ended with the same mapped and not in memory.
	jq -e '.samples.virtual | 1072693248 - .untouched | . < 1048576 and . > -16777216' \
		"$DIR/x.json" || fail "$(jq -c .samples "$DIR/x.json")"
}

@test "the touched part of a mapped file" {
	mapped file
	below ask_file 256
	untouched file
	below ask_file 224
}

@test "parts of a mapping that are unmapped or given back" {
	mapped parts
	below ask_anonymous 256
	untouched parts
	below ask_anonymous 176
}

@test "MAP_FIXED over a mapping: the last mapper has it" {
	mapped replaced
	below ask_anonymous 256
	untouched replaced
	below ask_anonymous 128
}

@test "mremap moves the mapping with its owner, and maps more" {
	mapped moved
	below ask_anonymous 64
	below ask_more 128
	untouched moved
	below ask_anonymous 48
	below ask_more 128
}

@test "the heap grows and shrinks by brk" {
	mapped heap
	below ask_heap 128
	untouched heap
	below ask_heap 0
}

@test "a small mapping that is sampled stands for others like it" {
	mapped small
	below ask_small 64
	untouched small
	got=$(grep -e ';ask_small;' "$DIR/x.1.folded" | awk '{ sum += $NF } END { print sum + 0 }')
	# 2,048 mappings of 16 KiB, one in four sampled: within five standard errors.
	[ "$got" -gt $((24 << 20)) ] && [ "$got" -lt $((40 << 20)) ] || fail "$got"
}

@test "mappings that are filled at once: nothing is untouched, and all have addresses" {
	mapped populated
	below ask_populated 128
	untouched populated
	below ask_populated 0
	rm -f "$DIR"/x.*
	held populated --sample-type live-end -o "$DIR/x.folded"
	below ask_populated 128
	rm -f "$DIR"/x.*
	held populated --period 64KiB -o "$DIR/x.json"
	jq -e '.samples.no_address == 0 and .samples.count > 2000' "$DIR/x.1.json" ||
		fail "$(jq -c .samples "$DIR/x.1.json")"
}

@test "memory copied by fork was mapped by no function" {
	mapped forked
	below ask_anonymous 128
	below ask_heap 32
	untouched forked
	below ask_anonymous 128
	below ask_heap 32 # the child ended with it
}

@test "mlock, madvise, read() and shared memory have addresses too" {
	for program in populate sys_grow; do
		"$TARE" run --as-root --period 16KiB -o "$DIR/r.json" \
			-- "$PROGRAMS/$program" </dev/null >/dev/null
		jq -e '.samples.no_address == 0 and .samples.count > 100' "$DIR/r.json" ||
			fail "$program: $(jq -c .samples "$DIR/r.json")"
	done
}

@test "each kernel stack is below the function that made the thread" {
	"$TARE" run --as-root -o "$DIR/x.1.folded" -- "$PROGRAMS/threads" 20 </dev/null >/dev/null
	# 16,384 bytes, or more if a sample of its other kernel memory has the same stack.
	stack=';worker-[0-9]+;.*;main;.*pthread_create.*;.*clone.*'
	stack+=';kernel_clone_\[k\];copy_process_\[k\]'
	got=$(grep -c -E "$stack [0-9]{5,}\$" "$DIR/x.1.folded")
	[ "$got" = 20 ] || fail "$got threads" "$(cat "$DIR/x.1.folded")"
}

@test "stacks of vfork, fork and clone reach their callers" {
	"$TARE" run --as-root --period 4KiB -o "$DIR/r.json" \
		-- sh -c 'ls; ls | cat; true' >/dev/null
	jq -e '.samples.truncated == 0 and .samples.count > 200' "$DIR/r.json" ||
		fail "$(jq -c .samples "$DIR/r.json")"
}
