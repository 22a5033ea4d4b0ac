# SPDX-License-Identifier: GPL-2.0-only
#
# For tests with programs in the background. $started holds their pids, which teardown ends. A
# program stands still as long as its input, the pipe $DIR/in, is open; the test keeps it open
# by descriptor 9.

setup() {
	started=()
}

teardown() {
	exec 9>&-
	end_all "${started[@]}"
}

# hold COMMAND…: starts it in the background as ${started[-1]}, with $DIR/in, $DIR/out and
# $DIR/err.
hold() {
	[ -e "$DIR/in" ] || mkfifo "$DIR/in"
	: >"$DIR/out"
	"$@" <"$DIR/in" >"$DIR/out" 2>"$DIR/err" 3>&- 9>&- &
	started+=($!)
	exec 9>"$DIR/in"
}

# reaches CHECKPOINT: the held program has printed that line, or a line that begins so.
reaches() {
	until_true 20 grep -q "checkpoint $1" "$DIR/out"
}

# let_go [STATUS]: lets the held program go on; the first process that was started ends with
# STATUS (0).
let_go() {
	exec 9>&-
	finished "${started[0]}"
	status_is "${1:-0}"
}

# Removes the control groups in $groups as soon as they are empty.
remove_groups() {
	local group
	for group in "${groups[@]}"; do
		until_true 5 rmdir "$group" 2>/dev/null || :
	done
}
