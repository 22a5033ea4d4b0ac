#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# The static file of `make static`: it needs nothing but a kernel. Run by `make check-static`.

load ../e2e/lib/common

MOST=$((12 << 20)) # bytes

@test "it has no library and no interpreter, and is small" {
	run readelf -lW "$TARE"
	says_not INTERP
	run readelf -dW "$TARE"
	says_not NEEDED
	run ldd "$TARE"
	says 'statically linked\|not a dynamic'
	[ "$(stat -c %s "$TARE")" -le $MOST ] || fail "$(stat -c %s "$TARE") bytes"
}

@test "its debug information is in the file beside it" {
	local id
	id=$(readelf -n "$TARE" | sed -n 's/.*Build ID: //p')
	[ -n "$id" ]
	run readelf -n "$TARE.debug"
	says "$id"
	run readelf -p .gnu_debuglink "$TARE"
	says 'tare.debug'
	run readelf -SW "$TARE"
	says_not '\.debug_info' '\.symtab'
	run readelf -SW "$TARE.debug"
	says '\.debug_info' '\.symtab'
}

# in_root ARG…: runs a command in an empty root that has only tare, busybox and kernel file systems
in_root() {
	# shellcheck disable=SC2016
	unshare --mount --propagation private -- bash -c '
		cd "$0" && mount -t proc proc proc && mount --rbind /sys sys &&
			exec chroot . /busybox env -i LC_ALL=C.UTF-8 TERM=xterm "$@"' "$root" "$@"
}

setup() {
	root=$DIR/root
	mkdir -p "$root"/{proc,sys,tmp,dev,etc}
	cp "$TARE" "$root/tare"
	cp "$(command -v busybox)" "$root/busybox"
}

@test "in an empty root it weighs, records, reads the recording and writes HTML" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	run in_root /tare --version
	status_is 0
	run in_root /tare doctor
	status_is 0
	run in_root /tare run -r /r.tare -o /run.json --html /run.html -- /busybox sha1sum /tare
	status_is 0
	says "$(sha1sum "$TARE" | cut -d' ' -f1)"
	grep -q '^<!doctype html>' "$root/run.html"
	run in_root /tare report /r.tare
	status_is 0
	says 'all books balance'
	run in_root /tare run --user nobody -- /busybox true
	status_is 125
	says 'no such user'
}

@test "names of users and groups come from /etc, without a module" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	printf 'root:x:0:0::/:/busybox\nann:x:4711:4712::/home/ann:/busybox\n' >"$root/etc/passwd"
	printf 'staff:x:4713:bob,ann\nother:x:4714:bob\nmore:x:4715:ann\n' >"$root/etc/group"
	run in_root /tare run --user ann -- /busybox id
	status_is 0
	says 'uid=4711(ann) gid=4712 groups=4712,4713(staff),4715(more)'
}

@test "a user that only getent knows" {
	[ "$(id -u)" = 0 ] || skip 'needs root'
	mkdir -p "$root/usr/bin"
	mknod "$root/dev/null" c 1 3
	cat >"$root/usr/bin/getent" <<-'END'
		#!/busybox sh
		case "$1 $3" in
		"passwd dora") echo 'dora:x:4721:4722::/:/busybox' ;;
		"initgroups dora") echo 'dora 4722 4723' ;;
		*) exit 2 ;;
		esac
	END
	chmod 755 "$root/usr/bin/getent"
	run in_root /tare run --user dora -- /busybox id
	status_is 0
	says 'uid=4721 gid=4722 groups=4722,4723'
	run in_root /tare run --user nobody -- /busybox id
	status_is 125
}

@test "a locale of another character set is not converted" {
	local log=$DIR/opened
	need strace localedef
	[ -e /usr/share/i18n/locales/de_DE ] || skip 'no sources of locales: apt install locales'
	localedef -i de_DE -f ISO-8859-1 "$DIR/latin"
	LOCPATH=$DIR LC_ALL=latin strace -f -e trace=openat,open -o "$log" "$TARE" run --as-root \
		-- printf '\344' >/dev/null
	grep -q "$DIR/latin/LC_CTYPE" "$log" || fail 'the locale was not read' "$(cat "$log")"
	! grep -E 'gconv/.*\.so' "$log" || fail "$(cat "$log")"
}

@test "downloads of debug files name debuginfod-find, if it is not there" {
	need gcc strip
	[ "$(id -u)" = 0 ] || skip 'needs root'
	gcc -static -g -O1 -pthread -Wl,--build-id -o "$root/program" \
		"$BATS_TEST_DIRNAME/../programs/call_tree.c"
	strip "$root/program"
	run in_root /busybox env DEBUGINFOD_URLS=http://127.0.0.1:9 PATH=/ /tare run \
		-o /r.folded -- /program
	status_is 0
	says 'debuginfod-find, which is not in PATH' 'apt install debuginfod'
}
