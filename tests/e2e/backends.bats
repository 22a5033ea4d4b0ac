#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Each counter backend that this kernel supports gives the same figures. A backend that it does
# not support is refused with a message, before the command starts.

load lib/common

# Checks that the backend runs here, or that tare says why not.
backend_runs() {
	run "$TARE" run --force-backend "$1" -o "$DIR/backend.json" -- touch "$DIR/ran-$1"
	if [ "$status" = 0 ]; then
		[ -e "$DIR/ran-$1" ]
		return 0
	fi
	status_is 125
	says "$1"
	[ ! -e "$DIR/ran-$1" ] || fail "the command ran although tare refused"
	return 1
}

# The classic backend reads the sum over all tasks. It can tell tasks apart only if no two CPUs
# change a counter at once. The process's figures are always exact.
core() {
	exact --opt=--force-backend --opt="$1" --checkpoints 2 --no-facts -- \
		"$PROGRAMS/threads" 16 64
	exact --opt=--force-backend --opt="$1" --checkpoints 2 --facts 5 -- "$PROGRAMS/give_take"
	exact --opt=--force-backend --opt="$1" --checkpoints 3 --facts 5 -- "$PROGRAMS/remap"
	exact --opt=--force-backend --opt="$1" --checkpoints 4 -- "$PROGRAMS/fork_cow"
	exact --opt=--force-backend --opt="$1" --checkpoints 3 -- "$PROGRAMS/shared"
	exact --opt=--force-backend --opt="$1" --checkpoints 3 -- "$PROGRAMS/exec_chain" 3
	compared real_programs --opt=--force-backend --opt="$1" --every 100 --times 3 -- \
		"$PROGRAMS/busy" 4 2
}

@test "the classic backend equals the kernel's figures" {
	core classic
}

@test "the percpu backend equals the kernel's figures, or is refused" {
	backend_runs percpu || skip "this kernel has no percpu backend"
	core percpu
}

@test "the count backend equals the kernel's figures, or is refused" {
	backend_runs count || skip "this kernel has no count backend"
	core count
}

@test "either percpu or count runs here, and is the default" {
	local backend found=
	for backend in percpu count; do
		if backend_runs $backend; then
			found=$backend
		fi
	done
	[ -n "$found" ] || fail "neither percpu nor count runs"
	"$TARE" run -o "$DIR/r.json" -- true
	report assert "$DIR/r.json" "r['features']['ledger']['state'].startswith('$found')"
}

@test "the report names the classic backend" {
	"$TARE" run --force-backend classic -o "$DIR/r.json" -- true
	report check "$DIR/r.json"
	report assert "$DIR/r.json" "r['features']['ledger']['state'].startswith('classic')"
}

@test "an unknown backend is refused, and the message lists the backends" {
	run "$TARE" run --force-backend frob -- touch "$DIR/ran"
	status_is 125
	says frob percpu classic
	[ ! -e "$DIR/ran" ]
}
