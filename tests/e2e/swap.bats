#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Swapped memory, in a small swap file that the test makes.
# Runs alone: swap is of the whole machine.

load lib/common

setup() {
	need mkswap swapon swapoff
	[ "$(wc -l </proc/swaps)" = 1 ] || skip "this machine has swap already"
	# A swap file must be on a disk.
	swapfile=$(mktemp "${TARE_TEST_DIR:-/var/tmp}/tare-swap-XXXXXX")
	dd if=/dev/zero of="$swapfile" bs=1M count=64 status=none
	chmod 600 "$swapfile"
	mkswap "$swapfile" >/dev/null
	swapon "$swapfile" 2>/dev/null || skip "swapon is refused"
}

teardown() {
	[ -z "$swapfile" ] || {
		swapoff "$swapfile" 2>/dev/null || :
		rm -f "$swapfile"
	}
}

@test "memory is swapped out, forked, swapped in and freed" {
	exact --checkpoints 4 --facts 3 -- "$PROGRAMS/swapped" 16
}

@test "swap by the classic backend" {
	exact --opt=--force-backend --opt=classic --checkpoints 4 --no-facts -- \
		"$PROGRAMS/swapped" 16
}

@test "attached while memory is swapped out" {
	compared attach --checkpoints 4 -- "$PROGRAMS/swapped" 16
}

@test "memory that another process swaps out" {
	compared nonowner pageout anon
}
