#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Names of code that is in no file: read from the perf map that the JIT writes, also when that
# file is deleted or replaced meanwhile.

load lib/common
load lib/stacks

teardown() {
	end_all ${tare:-}
	[ ! -f "$DIR/maps" ] || xargs rm -f <"$DIR/maps"
}

# Checks that stacks matching the pattern have the 16 MiB of jit.c.
grew_16m() {
	between "$1" $((15 << 20)) $((17 << 20))
}

# Runs a command whose map teardown removes.
noted=(sh -c 'echo "/tmp/perf-$$.map" >>"$DIR/maps"; exec "$0" "$@"')

# holds_maps PID N: tare has N perf maps open.
holds_maps() {
	local link n=0
	for link in /proc/"$1"/fd/*; do
		[[ $(readlink "$link") != /tmp/perf-*.map ]] || n=$((n + 1))
	done
	[ $n = "$2" ]
}

# held N COMMAND…: as `folded`, but the command's input ends only when tare has N maps open.
held() {
	mkfifo "$DIR/go"
	"$TARE" run --as-root --period 64KiB -o "$DIR/out.folded" -- "${@:2}" \
		<"$DIR/go" 2>"$DIR/err" 3>&- &
	tare=$!
	exec 9>"$DIR/go"
	until_true 20 holds_maps "$tare" "$1"
	exec 9>&-
	finished "$tare"
	status_is 0
}

@test "a call chain has the names of the perf map" {
	held 1 "${noted[@]}" "$PROGRAMS/jit" delete first second
	grew_16m ';main;run;first_outer_\[fp\];first_inner_\[fp\] '
}

@test "a deleted map is read, also what was appended later" {
	held 1 "${noted[@]}" "$PROGRAMS/jit" delete first second
	grew_16m ';main;run;second_outer_\[fp\];second_inner_\[fp\] '
}

@test "a map that is replaced by another" {
	held 1 "${noted[@]}" "$PROGRAMS/jit" replace first second
	grew_16m ';main;run;first_outer_\[fp\];first_inner_\[fp\] '
	grew_16m ';main;run;second_outer_\[fp\];second_inner_\[fp\] '
}

@test "exec makes a new map under the same name" {
	held 1 "${noted[@]}" "$PROGRAMS/jit" exec first second
	grew_16m ';main;run;first_outer_\[fp\];first_inner_\[fp\] '
	grew_16m ';main;run;second_outer_\[fp\];second_inner_\[fp\] '
}

@test "a program in mount and pid namespaces of its own" {
	need unshare
	# Through a descriptor, since the program itself may be in /tmp.
	held 1 unshare -pf --mount-proc --mount sh -c \
		'exec 5<"$0" && mount -t tmpfs none /tmp && exec /proc/self/fd/5 "$@"' \
		"$PROGRAMS/jit" delete first second
	grew_16m ';main;run;first_outer_\[fp\];first_inner_\[fp\] '
	grew_16m ';main;run;second_outer_\[fp\];second_inner_\[fp\] '
}

@test "two processes at once, each with its own map" {
	held 2 sh -c 'exec 4<&0; "$0" delete first other <&4 & "$0" delete second another; wait' \
		"$PROGRAMS/jit"
	for name in first other second another; do
		grew_16m ";main;run;${name}_outer_\[fp\];${name}_inner_\[fp\] "
	done
}

@test "a forked child runs its parent's code" {
	folded --period 64KiB -- "${noted[@]}" "$PROGRAMS/jit" fork first
	between ';main;run;first_outer_\[fp\];first_inner_\[fp\] ' $((31 << 20)) $((34 << 20))
}

@test "a map of another user's is not read" {
	folded --period 64KiB -- "$PROGRAMS/jit" stranger first
	grew_16m ';main;run;\[code without a file\]_\[fp\];\[code without a file\]_\[fp\] '
}

@test "node: functions of a script, interpreted and compiled" {
	need node
	cat >"$DIR/grow.js" <<-'END'
		class Point { constructor(i) { this.i = i; this.name = 'x' + i; } }
		function makeOne(i) { return new Point(i); }
		function fillAll(n) {
			const all = [];
			for (let i = 0; i < n; i++) all.push(makeOne(i));
			return all;
		}
		const keep = fillAll(600000);
	END
	cd "$DIR" # V8 writes a log there
	folded --period 64KiB -- "${noted[@]}" node --perf-basic-prof \
		--interpreted-frames-native-stack "$DIR/grow.js"
	[ "$(bytes_of 'JS:.*fillAll [^;]*grow.js')" -gt $((8 << 20)) ] ||
		fail "$(sort -t ' ' -k 2 "$DIR/out.folded" | cut -c 1-300 | head -20)"
	[ "$(bytes_of ';_start;.*JS:[^;]*grow.js:1:1_.*JS:.*fillAll')" -gt $((8 << 20)) ] ||
		fail "the script's own function is not there" \
		"$(grep fillAll "$DIR/out.folded" | head -3)"
}
