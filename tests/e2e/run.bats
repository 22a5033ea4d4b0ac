#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# `tare run` changes nothing for the command: input, output, environment, signals and status are
# its own.

load lib/common
load lib/hold

@test "stdin, stdout and stderr go to the command" {
	run --separate-stderr "$TARE" run -o "$DIR/r.json" -- sh -c 'cat; echo err >&2' <<<"through"
	status_is 0
	[ "$output" = through ] || fail "$output"
	# shellcheck disable=SC2154 # bats sets it
	[ "$stderr" = err ] || fail "$stderr"
}

@test "the report goes to stderr, not to stdout" {
	run --separate-stderr "$TARE" run -- echo out
	[ "$output" = out ] || fail "$output"
	[[ $stderr == *"trust: "*balance* ]] || fail "$stderr"
}

@test "a large amount of data through stdin and stdout" {
	head -c 8000000 /dev/urandom >"$DIR/data"
	"$TARE" run -o "$DIR/r.json" -- cat <"$DIR/data" >"$DIR/copy"
	cmp "$DIR/data" "$DIR/copy"
}

@test "exit statuses" {
	local status_of
	for status_of in 0 1 7 125 126 127 255; do
		run "-$status_of" "$TARE" run -o "$DIR/r.json" -- sh -c "exit $status_of"
	done
	for status_of in 1 2 6 9 13 15; do
		run "$TARE" run -o "$DIR/r.json" -- sh -c "kill -$status_of \$\$"
		status_is $((128 + status_of))
	done
}

@test "not found: 127, not executable: 126, said before BPF is loaded" {
	run -127 "$TARE" run -o "$DIR/r.json" -- no-such-command-here
	status_is 127
	says no-such-command-here 'not found'
	run -127 "$TARE" run -o "$DIR/r.json" -- "$DIR/no/such/path"
	status_is 127
	echo data >"$DIR/data"
	run "$TARE" run -o "$DIR/r.json" -- "$DIR/data"
	status_is 126
	says "$DIR/data"
	run "$TARE" run -o "$DIR/r.json" -- "$DIR"
	status_is 126
	[ ! -e "$DIR/r.json" ] || fail "a report, but nothing ran"
	# Without BPF: the message also reaches users who can't load BPF programs.
	need setpriv
	cp "$TARE" "$DIR/tare"
	run -127 env PATH=/usr/bin:/bin setpriv --reuid 65534 --regid 65534 --clear-groups \
		"$DIR/tare" run -- no-such-command-here
	status_is 127
}

@test "a script without #! runs as execvp runs it" {
	echo 'echo script $1; exit 4' >"$DIR/plain"
	chmod +x "$DIR/plain"
	run "$TARE" run -o "$DIR/r.json" -- "$DIR/plain" word
	status_is 4
	says 'script word'
}

@test "a #! whose interpreter does not exist" {
	printf '#!/no/such/interpreter\n' >"$DIR/bad"
	chmod +x "$DIR/bad"
	run bash -c '"$TARE" run -o "$DIR/r.json" -- "$DIR/bad"; echo "status $?"'
	says 'status 12[67]'
	says "$DIR/bad"
}

@test "the command gets the caller's descriptors and none of tare's" {
	# bats has descriptors open, which count as the caller's: close them.
	run bash -c 'for f in /proc/self/fd/*; do
			f=${f##*/}; [ $f -gt 2 ] && eval "exec $f>&-"
		done
		exec "$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/show"'
	status_is 0
	[ "$(grep '^fd' <<<"$output" | tr '\n' ' ')" = 'fd 0 fd 1 fd 2 ' ] || fail "$output"
}

@test "the environment, directory, signals, group and priority are the caller's" {
	export DIR
	# SigQ counts the signals of all of the user's processes.
	strip() { grep -E '^(env|cwd|Sig[^Q]|arg|tty|TracerPid|NoNewPrivs)' | grep -v '^env _='; }
	cd "$DIR"
	env TARE_X="a b" "$PROGRAMS/show" one "two words" '' </dev/null | strip >plain
	env TARE_X="a b" "$TARE" run -o r.json -- "$PROGRAMS/show" one "two words" '' </dev/null |
		strip >run
	diff plain run
	[ -s plain ]
	nice -n 5 "$TARE" run -o r.json -- "$PROGRAMS/show" </dev/null >out
	grep -qw "nice=$(($(nice) + 5))" out
}

@test "the command's ignored and blocked signals are the caller's, not tare's" {
	(trap '' HUP PIPE && "$PROGRAMS/show") | grep '^SigIgn' >"$DIR/plain"
	(trap '' HUP PIPE && "$TARE" run -o "$DIR/r.json" -- "$PROGRAMS/show") |
		grep '^SigIgn' >"$DIR/run"
	diff "$DIR/plain" "$DIR/run"
}

@test "under sudo the command is the calling user's, with no capability" {
	need setpriv
	cp "$PROGRAMS/show" "$DIR/show"
	chmod 755 "$DIR" "$DIR/show"
	run env SUDO_UID=65534 SUDO_GID=65534 SUDO_USER=nobody "$TARE" run -o "$DIR/r.json" \
		-- "$DIR/show"
	status_is 0
	says '^Uid:.65534.65534.65534.65534$' '^Gid:.65534.65534.65534.65534$' \
		'^env USER=nobody' '^env LOGNAME=nobody' \
		"^env HOME=$(getent passwd nobody | cut -d: -f6)\$"
	for set in CapInh CapPrm CapEff CapAmb; do
		says "^$set:.0000000000000000$"
	done
	says_not '^Groups:.*\b0\b'
	report check "$DIR/r.json"
}

@test "--as-root keeps root, --user NAME takes another" {
	cp "$PROGRAMS/show" "$DIR/show"
	chmod 755 "$DIR" "$DIR/show"
	run env SUDO_UID=65534 SUDO_GID=65534 "$TARE" run --as-root -o "$DIR/r.json" -- "$DIR/show"
	status_is 0
	says '^Uid:.0.0.0.0$'
	run "$TARE" run --user daemon -o "$DIR/r.json" -- "$DIR/show"
	status_is 0
	says "^Uid:.$(id -u daemon)." "^Gid:.$(id -g daemon)." '^env USER=daemon' \
		'^CapEff:.0000000000000000$' '^CapPrm:.0000000000000000$'
	run "$TARE" run --user nobody-of-that-name -- touch "$DIR/ran"
	status_is 125
	says nobody-of-that-name
	[ ! -e "$DIR/ran" ]
}

@test "supplementary groups are the user's" {
	local user groups
	user=$(getent group | awk -F: '$4 != "" { split($4, m, ","); print m[1]; exit }')
	[ -n "$user" ] || user=daemon
	cgroups=$(id -G "$user" | tr ' ' '\n' | sort -n | tr '\n' ' ')
	cp "$PROGRAMS/show" "$DIR/show"
	chmod 755 "$DIR" "$DIR/show"
	run "$TARE" run --user "$user" -o "$DIR/r.json" -- "$DIR/show"
	status_is 0
	[ "$(sed -n 's/^Groups:\t//p' <<<"$output" | tr ' ' '\n' | sed '/^$/d' |
		sort -n | tr '\n' ' ')" = \
		"$cgroups" ] || fail "not $cgroups:" "$output"
}

@test "a bad SUDO_UID is refused, not taken for root" {
	run env SUDO_UID=banana SUDO_GID=1 "$TARE" run -- touch "$DIR/ran"
	status_is 125
	says SUDO_UID
	[ ! -e "$DIR/ran" ]
}

@test "the command reads from the terminal, in the foreground" {
	run "$LIB/terminal.py" --send $'hello\n' --after 'name?' -- \
		"$TARE" run -o "$DIR/r.json" -- sh \
		-c 'test -t 0 && echo "name?"; read x; echo "got $x"'
	status_is 0
	says 'got hello'
}

@test "Ctrl-C reaches the command; tare waits for it, then reports" {
	run "$LIB/terminal.py" --send '^C' --after ready -- "$TARE" run -- \
		sh -c 'trap "echo caught; exit 7" INT; echo ready; while :; do sleep 0.02; done'
	status_is 7
	says caught 'trust:' 'sent 1 times'
}

@test "a second Ctrl-C kills a command that ignores the first" {
	run "$LIB/terminal.py" --send '^C' --after ready --again -- "$TARE" run -- \
		sh -c 'trap "" INT; echo ready; sleep 15'
	status_is 137
	says 'trust:'
	# More than two if tare's report takes longer than the next Ctrl-C.
	says 'sent \([2-9]\|[1-9][0-9][0-9]*\) times' 'SIGKILL after'
}

@test "Ctrl-C on a command that dies of it: status 130, and the report" {
	run "$LIB/terminal.py" --send '^C' --after ready -- "$TARE" run -- \
		sh -c 'echo ready; exec sleep 15'
	status_is 130
	says 'trust:'
}

# held OPTIONS…: starts tare in the background with `target`; sets tare and target.
held() {
	hold "$TARE" run -o "$DIR/r.json" "$@" -- "$PROGRAMS/target" 2
	tare=${started[-1]}
	reaches
	target=$(sed -n 's/^target pid=\([0-9]*\) .*/\1/p' "$DIR/out")
	started+=("$target")
}

@test "kill -9 of tare: the workload lives on, and no BPF program stays" {
	need bpftool
	held
	bpf_of "$tare" >"$DIR/bpf"
	grep -q prog "$DIR/bpf"
	grep -q map "$DIR/bpf"
	read -r _ id < <(grep prog "$DIR/bpf")
	bpftool prog show id "$id" | grep -q tare_
	kill -KILL "$tare"
	until_true 10 all_unloaded
	kill -0 "$target"
	echo >&9
	reaches 'done'
	exec 9>&-
	until_true 10 gone "$target"
}

@test "kill -9 of tare with --kill-on-exit: the workload dies" {
	need bpftool
	held --kill-on-exit
	bpf_of "$tare" >"$DIR/bpf"
	kill -KILL "$tare"
	until_true 10 gone "$target"
	until_true 10 all_unloaded
	exec 9>&-
}

@test "SIGTERM and SIGHUP to tare: it reports, and leaves nothing" {
	local sig
	need bpftool
	for sig in TERM HUP; do
		rm -f "$DIR/r.json"
		held
		bpf_of "$tare" >"$DIR/bpf"
		kill -$sig "$tare"
		until_true 10 gone "$tare" || until_true 1 false
		exec 9>&-
		until_true 10 all_unloaded
		report check "$DIR/r.json"
		until_true 10 gone "$target"
	done
}

@test "a run leaves no BPF program and no file behind" {
	need bpftool
	held
	bpf_of "$tare" >"$DIR/bpf"
	let_go
	until_true 10 all_unloaded
	[ "$(ls "$DIR" | tr '\n' ' ')" = 'bpf err in out r.json ' ] || fail "$(ls "$DIR")"
}

@test "tare runs within tare" {
	run "$TARE" run -o "$DIR/outer.json" -- "$TARE" run -o "$DIR/inner.json" -- sh -c 'exit 6'
	status_is 6
	report check "$DIR/outer.json" "$DIR/inner.json"
}

@test "options after the command are the command's" {
	run "$TARE" run -o "$DIR/r.json" -- echo --format json -o x
	[ "$output" = '--format json -o x' ] || fail "$output"
}
