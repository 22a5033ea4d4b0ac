#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# What other users, and a command with fewer privileges, can and cannot do to a tare that runs
# as root. Each statement of the manual's SECURITY section has a test.
# Runs alone: it changes sysctls.

load lib/common
load lib/stacks

protections=(fs.protected_symlinks fs.protected_fifos fs.protected_regular)

setup() {
	[ "$(id -u)" = 0 ] || skip "not root"
	need setpriv
	local name
	for name in "${protections[@]}"; do
		echo "$name=$(sysctl -n "$name")"
	done >"$DIR/sysctl"
	started=()
	mkdir "$DIR/ww" "$DIR/own" "$DIR/secret"
	chmod 1777 "$DIR/ww"
	chmod 700 "$DIR/secret"
	echo "root's" >"$DIR/secret/shadow"
	chmod 600 "$DIR/secret/shadow"
	mkfifo "$DIR/go"
	chmod 666 "$DIR/go"
	exec 9<>"$DIR/go"
}

teardown() {
	[ ! -e "$DIR/sysctl" ] || sysctl -q -p "$DIR/sysctl"
	exec 8>&- 9>&-
	end_all "${started[@]}"
	[ ! -e "$DIR/maps" ] || while read -r map; do rm -f "$map" "$map.other"; done <"$DIR/maps"
	! mountpoint -q "$DIR/disk" || umount "$DIR/disk"
}

protected() {
	local name
	for name in "${protections[@]}"; do
		sysctl -q "$name=$1" || skip "$name can't be set here"
	done
}

# Another user, neither root nor the caller.
other() {
	setpriv --reuid 65534 --regid 65534 --clear-groups -- "$@"
}

sudo_env=(SUDO_UID=1234 SUDO_GID=2345)

# start WHO OPTION…: starts tare in the background, as root or by sudo, with a command that runs
# until `finish`.
start() {
	local env=()
	[ "$1" = root ] || env=("${sudo_env[@]}")
	rm -f "$DIR/up"
	env "${env[@]}" "$TARE" run --as-root "${@:2}" -- \
		sh -c 'echo up >"$0/up"; read -r _ <"$0/go"' "$DIR" >"$DIR/out" 2>"$DIR/err" 3>&- \
		9>&- &
	started+=($!)
	until_true 20 test -s "$DIR/up"
}

# Waits for the end of the command and of tare.
finish() {
	echo >&9
	finished "${started[-1]}"
	unset 'started[-1]'
	output=$(cat "$DIR/err")
}

secret_is_whole() {
	[ "$(stat -c '%a %u %g' "$DIR/secret/shadow")" = '600 0 0' ] ||
		fail "$(ls -ln "$DIR/secret")"
	[ "$(cat "$DIR/secret/shadow")" = "root's" ] || fail "the content of the file changed"
	[ "$(ls "$DIR/secret")" = shadow ] || fail "$(ls -ln "$DIR/secret")"
}

# is_ours WHO FILE…: they are plain files of mode 600 that belong to root, or to the user who
# called sudo.
is_ours() {
	local file owner='0 0'
	[ "$1" = root ] || owner='1234 2345'
	for file in "${@:2}"; do
		[ "$(stat -c '%F %a %u %g' "$file")" = "regular file 600 $owner" ] ||
			fail "$file: $(stat -c '%F %a %u %g' "$file")"
	done
}

nothing_left() {
	[ -z "$(find "$1" -name '.tare-*' -o -name '*-journal')" ] || fail "$(ls -lAn "$1")"
}

@test "a link planted during the run: its target stays unchanged" {
	local who on file
	for on in 0 1; do
		protected $on
		for who in root sudo; do
			start $who --html "$DIR/ww/r.html" -o "$DIR/ww/r.json" -r "$DIR/ww/r.tare"
			until_true 20 test -s "$DIR/ww/r.tare"
			for file in r.html r.json r.1.json r.1.html r.tare-journal; do
				other ln -s "$DIR/secret/shadow" "$DIR/ww/$file" ||
					[ $file = r.tare-journal ]
			done
			kill -USR1 "${started[-1]}"
			until_true 20 test -f "$DIR/ww/r.1.html" -a ! -L "$DIR/ww/r.1.html"
			finish
			status_is 0
			secret_is_whole
			is_ours $who "$DIR/ww/"{r.html,r.json,r.1.json,r.1.html,r.tare}
			report check "$DIR/ww/r.json" "$DIR/ww/r.1.json"
			"$TARE" report "$DIR/ww/r.tare" >/dev/null
			nothing_left "$DIR/ww"
			rm -rf "$DIR/ww/"*
		done
	done
}

@test "the output directory swapped for a link: the opened directory is written to" {
	local who
	for who in root sudo; do
		mkdir "$DIR/theirs" "$DIR/theirs/dir"
		chown -R 65534:65534 "$DIR/theirs"
		start $who --html "$DIR/theirs/dir/shadow" -o "$DIR/theirs/dir/r.json" \
			-r "$DIR/theirs/dir/r.tare"
		until_true 20 test -s "$DIR/theirs/dir/r.tare"
		other mv "$DIR/theirs/dir" "$DIR/theirs/moved"
		other ln -s "$DIR/secret" "$DIR/theirs/dir"
		finish
		status_is 0
		secret_is_whole
		is_ours $who "$DIR/theirs/moved/"{r.json,r.tare,shadow}
		nothing_left "$DIR/theirs/moved"
		rm -rf "$DIR/theirs"
	done
}

@test "a directory that others can write to: the recording goes nowhere else" {
	protected 0
	chmod 777 "$DIR/ww"
	start sudo -r "$DIR/ww/r.tare" -o "$DIR/own/r.json"
	until_true 20 test -s "$DIR/ww/r.tare"
	other mv "$DIR/ww/r.tare" "$DIR/ww/aside"
	other ln -s "$DIR/secret/shadow" "$DIR/ww/r.tare"
	finish
	secret_is_whole
	[ -L "$DIR/ww/r.tare" ]
	report check "$DIR/own/r.json"
}

@test "a pipe, a device or a directory planted during the run: nothing hangs" {
	local what
	for what in pipe device directory; do
		start root --html "$DIR/ww/r.html" -o "$DIR/ww/r.json" -r "$DIR/ww/r.tare"
		until_true 20 test -s "$DIR/ww/r.tare"
		case $what in
		pipe)
			other mkfifo -m 666 "$DIR/ww/r.html" "$DIR/ww/r.json"
			other mkfifo -m 666 "$DIR/ww/r.tare-journal" ||
				: # tare's own journal was there a moment before
			;;
		device) mknod -m 666 "$DIR/ww/r.html" c 5 0 &&
			mknod -m 666 "$DIR/ww/r.json" c 1 7 ;;
		directory) other mkdir "$DIR/ww/r.html" "$DIR/ww/r.json" ;;
		esac
		finish
		if [ $what = directory ]; then
			status_is 125
			says "cannot write $DIR/ww/r.html: Is a directory" \
				"cannot write $DIR/ww/r.json: Is a directory"
		else
			status_is 0
			is_ours root "$DIR/ww/"{r.html,r.json,r.tare}
		fi
		nothing_left "$DIR/ww"
		rm -rf "$DIR/ww/"*
	done
}

@test "an older link is followed only where just root and the caller can write" {
	echo old >"$DIR/own/target"
	ln -s target "$DIR/own/link"
	run "$TARE" run -o "$DIR/own/link" --format json -- true
	status_is 0
	[ -L "$DIR/own/link" ]
	report check "$DIR/own/target"
	for on in 0 1; do
		protected $on
		other ln -s "$DIR/secret/shadow" "$DIR/ww/link$on"
		for option in -o --html -r; do
			run "$TARE" run "$option" "$DIR/ww/link$on" -- touch "$DIR/ran"
			status_is 125
			says "cannot write $DIR/ww/link$on" 'symbolic link' 'name the target itself'
		done
	done
	other ln -s "$DIR/secret" "$DIR/ww/dir"
	run "$TARE" run -o "$DIR/ww/dir/shadow" -- touch "$DIR/ran"
	status_is 125
	says "cannot write $DIR/ww/dir/shadow"
	secret_is_whole
	[ ! -e "$DIR/ran" ] || fail "the command ran"
}

@test "another user's pipe is not written into; the caller's own is" {
	other mkfifo -m 666 "$DIR/ww/pipe"
	run "$TARE" run -o "$DIR/ww/pipe" -- touch "$DIR/ran"
	status_is 125
	says "cannot write $DIR/ww/pipe" 'pipe or device'
	[ ! -e "$DIR/ran" ] || fail "the command ran"
	mkfifo "$DIR/own/pipe"
	cat "$DIR/own/pipe" >"$DIR/got" 3>&- &
	started+=($!)
	run "$TARE" run --format json -o "$DIR/own/pipe" -- true
	status_is 0
	finished "${started[0]}"
	report check "$DIR/got"
	"$TARE" run --format json -o >(cat >"$DIR/got2") -- true
	until_true 10 report check "$DIR/got2"
}

@test "export, diff, bench report and bench treat planted links alike" {
	local on
	"$TARE" run --as-root -r "$DIR/own/a.tare" -- true
	"$TARE" bench --tasks 1 --runs 1 -o "$DIR/own/r.db" -- sh -c 'echo ready $0; sleep 100' \
		'{n}' >/dev/null
	for on in 0 1; do
		protected $on
		rm -f "$DIR/ww/link"
		other ln -s "$DIR/secret/shadow" "$DIR/ww/link"
		run "$TARE" export "$DIR/own/a.tare" --format json -o "$DIR/ww/link"
		status_is 125
		says "cannot write $DIR/ww/link"
		run "$TARE" diff "$DIR/own/a.tare" "$DIR/own/a.tare" -o "$DIR/ww/link"
		status_is 125
		run "$TARE" bench report "$DIR/own/r.db" --format json -o "$DIR/ww/link"
		status_is 125
		run "$TARE" bench --tasks 1 --runs 1 -o "$DIR/ww/link" -- sleep '{n}'
		status_is 125
		says "cannot write $DIR/ww/link"
		secret_is_whole
	done
	env "${sudo_env[@]}" "$TARE" export "$DIR/own/a.tare" --format json -o "$DIR/ww/a.json"
	env "${sudo_env[@]}" "$TARE" diff "$DIR/own/a.tare" "$DIR/own/a.tare" -o "$DIR/ww/d.json"
	env "${sudo_env[@]}" "$TARE" bench report "$DIR/own/r.db" --format json -o "$DIR/ww/b.json"
	is_ours sudo "$DIR/ww/"{a,d,b}.json
}

@test "bench: a link for its journal, and its results swapped, while it runs" {
	chmod 777 "$DIR/ww"
	env "${sudo_env[@]}" "$TARE" bench --as-root --tasks 1 --runs 1 -o "$DIR/ww/r.db" -- \
		sh -c 'echo up >"$1/up"; read -r _ <"$1/go"; echo ready $0; sleep 100' '{n}' \
		"$DIR" >"$DIR/out" 2>&1 3>&- 9>&- &
	started+=($!)
	until_true 20 test -s "$DIR/up"
	is_ours sudo "$DIR/ww/r.db"
	other ln -s "$DIR/secret/shadow" "$DIR/ww/r.db-journal"
	echo >&9
	finished "${started[0]}"
	status_is 0
	secret_is_whole
	is_ours sudo "$DIR/ww/r.db"
	[ "$(sqlite3 "$DIR/ww/r.db" 'SELECT complete FROM bench')" = 1 ]
	nothing_left "$DIR/ww"
}

@test "files are the caller's, of mode 0600 or less, whatever user the command has" {
	(
		umask 277
		"$TARE" run -o "$DIR/own/narrow.json" -r "$DIR/own/narrow.tare" -- true
		umask 0
		"$TARE" run -o "$DIR/own/wide.json" --html "$DIR/own/wide.html" \
			-r "$DIR/own/wide.tare" -- true
	)
	[ "$(stat -c %a "$DIR/own/"narrow.*)" = $'400\n400' ] || fail "$(ls -l "$DIR/own")"
	is_ours root "$DIR/own/"wide.*
	"$TARE" run --user nobody -o "$DIR/own/n.json" -r "$DIR/own/n.tare" -- true
	is_ours root "$DIR/own/"n.{json,tare}
	env "${sudo_env[@]}" "$TARE" run --user nobody -o "$DIR/own/s.json" -r "$DIR/own/s.tare" \
		-- true
	is_ours sudo "$DIR/own/"s.{json,tare}
	# A file of root's does not become the caller's, and a file keeps nothing that other
	# users put into it.
	echo old >"$DIR/own/root.json"
	chmod 640 "$DIR/own/root.json"
	env "${sudo_env[@]}" "$TARE" run --as-root -o "$DIR/own/root.json" -- true
	[ "$(stat -c '%a %u' "$DIR/own/root.json")" = '640 0' ]
	other sh -c 'echo theirs >"$0"; chmod 666 "$0"' "$DIR/ww/theirs.json"
	"$TARE" run -o "$DIR/ww/theirs.json" -- true
	is_ours root "$DIR/ww/theirs.json"
}

@test "files left by a killed tare are removed by the next one" {
	local gone
	sh -c 'echo $$' >"$DIR/pid"
	gone=$DIR/ww/.tare-$(cat "$DIR/pid")-1-0000abcd.tmp
	echo part >"$gone"
	other sh -c 'echo theirs >"$0"' "${gone/abcd/abce}"
	other ln -s "$DIR/secret/shadow" "${gone/abcd/abcf}"
	"$TARE" run -o "$DIR/ww/r.json" -- true
	[ ! -e "$gone" ] || fail "$(ls -lA "$DIR/ww")"
	[ -e "${gone/abcd/abce}" ] && [ -L "${gone/abcd/abcf}" ]
	secret_is_whole
}

# left_by PID: the temporary file of that tare.
left_by() {
	compgen -G "$DIR/ww/.tare-$1-*.tmp" >/dev/null
}

@test "a partial report of a killed tare is removed by the next one" {
	need gcc
	need_dynamic
	# tare stops before it renames the file.
	echo 'int pause(void); int renameat(int a, const char *b, int c, const char *d)
		{ (void)a, (void)b, (void)c, (void)d; return pause(); }' |
		gcc -shared -fPIC -x c -o "$DIR/stop.so" -
	LD_PRELOAD=$DIR/stop.so "$TARE" run -o "$DIR/ww/r.json" \
		-- env -u LD_PRELOAD true 3>&- 8>&- 9>&- &
	started+=($!)
	until_true 20 left_by "${started[0]}"
	# As long as that tare runs, its file stays.
	"$TARE" run -o "$DIR/ww/x.json" -- true
	left_by "${started[0]}"
	kill -KILL "${started[0]}"
	finished "${started[0]}"
	left_by "${started[0]}"
	"$TARE" run -o "$DIR/ww/x.json" -- true
	! left_by "${started[0]}"
	nothing_left "$DIR/ww"
}

# No control group of an ended tare is left.
no_cgroup_left() {
	local cgroup
	while read -r cgroup; do
		cgroup=${cgroup##*/tare-}
		[ -e "/proc/${cgroup%%-*}" ] || fail "left: tare-$cgroup"
	done < <(find /sys/fs/cgroup -type d -name "tare-$1-*" 2>/dev/null)
}

# Fills the pipe of descriptor 8, so that any writer waits.
pipe_is_full() {
	python3 -c 'import fcntl, struct, termios
n = struct.unpack("i", fcntl.ioctl(8, termios.FIONREAD, b"1234"))[0]
exit(n < 65536)'
}

@test "SIGTERM ends tare though nobody reads its report" {
	mkfifo "$DIR/own/pipe"
	exec 8<>"$DIR/own/pipe"
	"$TARE" run --format html -o "$DIR/own/pipe" -- true 2>"$DIR/err" 3>&- 8>&- 9>&- &
	started+=($!)
	until_true 20 pipe_is_full
	kill -TERM "${started[0]}"
	finished "${started[0]}"
	status_is 125
	output=$(cat "$DIR/err")
	says "cannot write $DIR/own/pipe: nobody reads it"
	no_cgroup_left "${started[0]}"
}

@test "SIGTERM ends tare though nobody reads its messages" {
	mkfifo "$DIR/own/pipe"
	exec 8<>"$DIR/own/pipe"
	# A complete page, and what could not be written after it.
	"$TARE" run --format html --html "$DIR/own/dir" -r "$DIR/own/r.tare" -- \
		sh -c 'mkdir "$0/own/dir"' "$DIR" 2>&8 3>&- 8>&- 9>&- &
	started+=($!)
	until_true 20 pipe_is_full
	kill -TERM "${started[0]}"
	finished "${started[0]}"
	status_is 125
	"$TARE" report "$DIR/own/r.tare" >/dev/null
	no_cgroup_left "${started[0]}"
}

@test "a second SIGTERM kills a command that ignores the first" {
	"$TARE" run -o "$DIR/own/r.json" -- sh \
		-c 'trap "" TERM; echo up >"$0/up"; while :; do sleep 1; done' "$DIR" 3>&- &
	started+=($!)
	until_true 20 test -s "$DIR/up"
	kill -TERM "${started[0]}"
	until_true 20 signal_taken "${started[0]}"
	kill -TERM "${started[0]}"
	finished "${started[0]}"
	status_is 137
	report assert "$DIR/own/r.json" "r['exit']['signal'] == 9"
}

# No signal to it is pending.
signal_taken() {
	grep -q '^ShdPnd:.0*$' "/proc/$1/status" && grep -q '^SigPnd:.0*$' "/proc/$1/status"
}

@test "a full disk: the command's own status, and a message in report and on stderr" {
	need sqlite3 unshare
	mkdir "$DIR/disk"
	mount -t tmpfs -o size=1m none "$DIR/disk"
	start root -r "$DIR/disk/r.tare" -o "$DIR/own/r.json"
	until_true 20 has_state
	head -c 1m /dev/zero >"$DIR/disk/fill" 2>/dev/null || :
	until_true 20 grep -q 'disk full' "$DIR/err"
	cp "$DIR/disk/r.tare" "$DIR/own/copy.tare"
	finish
	umount "$DIR/disk"
	status_is 0
	says "error: $DIR/disk/r.tare:" \
		"$DIR/disk/r.tare: disk full: it holds the state .* s after the start"
	says_not '\.tmp'
	[ "$(jq -r .features.recording.why "$DIR/own/r.json" |
		cut -d: -f1)" = "disk full at $DIR/disk/r.tare" ]
	run "$TARE" report "$DIR/own/copy.tare"
	status_is 0
	says 'copy.tare is incomplete: disk full: this is the state'
	says_not 'was ended'
}

has_state() {
	[ "$(sqlite3 -readonly "$DIR/disk/r.tare" \
		"SELECT count(*) FROM figures WHERE name = 'complete'" 2>/dev/null)" = 1 ]
}

@test "a full disk at the start: the message names the file; the command's own status" {
	mkdir "$DIR/disk"
	mount -t tmpfs -o size=16k none "$DIR/disk"
	run "$TARE" run -r "$DIR/disk/r.tare" -o "$DIR/own/r.json" -- sh -c 'exit 5'
	left=$(ls -A "$DIR/disk")
	umount "$DIR/disk"
	status_is 5
	says "error: cannot write $DIR/disk/r.tare: No space left" \
		"$DIR/disk/r.tare: disk full: it holds nothing"
	says_not '\.tmp'
	[ -z "$left" ] || fail "left: $left"
}

@test "a command of another user can't signal, trace or read tare" {
	cat >"$DIR/try.py" <<-'END'
		import ctypes, os, signal, sys
		tare = os.getppid()
		def refused(what, fn):
		    try:
		        fn()
		    except PermissionError:
		        return
		    print("could", what)
		for name in ("SIGTERM", "SIGKILL", "SIGSTOP", "SIGUSR1", "SIGINT"):
		    refused(name, lambda: os.kill(tare, getattr(signal, name)))
		libc = ctypes.CDLL(None, use_errno=True)
		def ptrace():
		    if libc.ptrace(16, tare, 0, 0) < 0:
		        raise OSError(ctypes.get_errno(), "ptrace")
		refused("ptrace", ptrace)
		look = dict.fromkeys(("exe", "cwd", "root"), os.readlink) | {"fd": os.listdir}
		for name in ("mem", "maps", "environ", "exe", "cwd", "root", "fd", "io"):
		    path = f"/proc/{tare}/{name}"
		    refused(name, lambda: look.get(name, open)(path))
		print("tried", tare)
	END
	run "$TARE" run --user nobody -o "$DIR/own/r.json" -- python3 "$DIR/try.py"
	status_is 0
	says '^tried [1-9]'
	says_not '^could'
	report check "$DIR/own/r.json"
}

@test "with file capabilities: the user's own programs can signal it, not trace or read it" {
	need setcap python3
	cp "$TARE" "$DIR/tare"
	chmod 755 "$DIR/tare"
	setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_read_search,cap_sys_admin,cap_syslog+ep \
		"$DIR/tare" ||
		skip "no file capabilities here"
	other mkdir "$DIR/ww/their"
	cat >"$DIR/try.py" <<-'END'
		import ctypes, os
		tare = os.getppid()
		os.kill(tare, 0)
		libc = ctypes.CDLL(None, use_errno=True)
		if libc.ptrace(16, tare, 0, 0) == 0:
		    print("could trace")
		for name in ("mem", "environ", "maps"):
		    try:
		        open(f"/proc/{tare}/{name}").read(1)
		        print("could read", name)
		    except OSError:
		        pass
		print("tried", tare)
	END
	run other "$DIR/tare" run --no-cgroup -o "$DIR/ww/their/r.json" -- python3 "$DIR/try.py"
	[ "$status" != 125 ] || skip "${lines[0]}"
	status_is 0
	says '^tried [1-9]'
	says_not '^could'
	[ "$(stat -c '%a %u' "$DIR/ww/their/r.json")" = '600 65534' ]
}

@test "with file capabilities: nobody becomes another user" {
	need setcap
	cp "$TARE" "$DIR/tare"
	chmod 755 "$DIR/tare"
	setcap cap_bpf,cap_perfmon,cap_sys_ptrace,cap_setuid,cap_setgid,cap_kill+ep "$DIR/tare" ||
		skip "no file capabilities here"
	run other "$DIR/tare" run --no-cgroup --user root -- touch "$DIR/ww/became"
	status_is 125
	says 'only root'
	run other env SUDO_UID=1 SUDO_GID=1 "$DIR/tare" run --no-cgroup -- id
	says_not 'uid=1('
	[ ! -e "$DIR/ww/became" ]
}

@test "a hostile perf map (a link, a pipe, a terabyte) does no harm" {
	local way
	cp "$PROGRAMS/jit" "$DIR/jit"
	chmod 755 "$DIR/jit"
	: >"$DIR/maps"
	chmod 666 "$DIR/maps"
	for way in plain link pipe huge; do
		"$TARE" run --user nobody --period 64KiB -o "$DIR/out.folded" -- \
			sh -c 'echo "/tmp/perf-$$.map" >>"$0/maps"; exec "$0/jit" "$@"' \
			"$DIR" $way planted
		case $way in
		plain | huge) between 'planted_outer' $((15 << 20)) $((17 << 20)) ;;
		*) between '\[code without a file\]' $((15 << 20)) $((17 << 20)) ;;
		esac
	done
}

@test "a library replaced by a pipe, a device, a cut or a huge file does no harm" {
	local how
	for how in pipe device cut huge link; do
		cat >"$DIR/swap.py" <<-'END'
			import ctypes, mmap, os, shutil, sys
			how, dir = sys.argv[1:]
			lib = dir + "/libz.so"
			libc = [m.split()[-1] for m in open("/proc/self/maps") if "libc.so" in m][0]
			shutil.copy(libc, lib)
			ctypes.CDLL(lib)
			other = dir + "/other"
			if how == "pipe":
			    os.mkfifo(other, 0o666)
			elif how == "cut":
			    open(other, "wb").write(open(lib, "rb").read(4000))
			elif how == "huge":
			    shutil.copy(lib, other)
			    os.truncate(other, 1 << 40)
			elif how == "link":
			    os.symlink("/dev/tty", other)
			else:
			    os.symlink("/dev/zero", other)
			os.rename(other, lib)
			x = [bytes(5000) for _ in range(2000)]
		END
		rm -rf "$DIR/their"
		mkdir "$DIR/their"
		chown 65534 "$DIR/their"
		run timeout 60 "$TARE" run --user nobody --period 4KiB -o "$DIR/own/$how.json" \
			--html "$DIR/own/$how.html" -- \
			/usr/bin/python3 "$DIR/swap.py" $how "$DIR/their"
		status_is 0
		report check "$DIR/own/$how.json"
	done
}

@test "a full ring: losses are counted, and the command does not wait" {
	cp "$PROGRAMS/thread_churn" "$DIR/churn"
	chmod 755 "$DIR/churn"
	touch "$DIR/up" "$DIR/done"
	chmod 666 "$DIR/up" "$DIR/done"
	"$TARE" run --user nobody --ring-size 64KiB -o "$DIR/own/r.json" -- \
		sh -c 'echo up >"$0/up"; read -r _ <"$0/go"; "$0/churn" 4000 4
			echo done >"$0/done"; exit 3' "$DIR" 3>&- 9>&- &
	started+=($!)
	until_true 20 test -s "$DIR/up"
	# Nothing empties the ring meanwhile.
	kill -STOP "${started[0]}"
	echo >&9
	until_true 20 test -s "$DIR/done"
	kill -CONT "${started[0]}"
	finished "${started[0]}"
	status_is 3
	report assert "$DIR/own/r.json" "r['lost']['total'] > 0"
}
