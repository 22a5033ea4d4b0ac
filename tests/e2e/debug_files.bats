#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Names of a stripped program, from the places where distributions keep debug information: debug
# files by build ID and by debug link, a compressed symbol table in the program, a debuginfod
# server.

load lib/common
load lib/stacks

setup() {
	need gcc objcopy strip
	build full
	objcopy --only-keep-debug "$DIR/full" "$DIR/full.debug"
	objcopy --strip-all "$DIR/full" "$DIR/tree"
	id=$(readelf -n "$DIR/full" | sed -n 's/.*Build ID: //p')
	by_id=/usr/lib/debug/.build-id/${id:0:2}/${id:2}.debug
}

# build NAME: builds a program with a build ID of its own.
build() {
	printf 'static const char unique[] __attribute__((used)) = "%s";\n' \
		"$1 $$ $BATS_TEST_NUMBER $RANDOM" >"$DIR/unique.h"
	gcc -O1 -g -pthread -Wl,--build-id=sha1 -include "$DIR/unique.h" -o "$DIR/$1" \
		"$BATS_TEST_DIRNAME/../programs/call_tree.c"
}

teardown() {
	end_all ${server:-}
	if [ -n "${by_id:-}" ] && [ -e "$by_id" ]; then
		rm -f "$by_id"
		rmdir -p --ignore-fail-on-non-empty "${by_id%/*}"
	fi
}

# The functions are static, so .dynsym, which strip keeps, lacks them.
named() {
	grown_below ';main;outer;middle;inner '
}
unnamed() {
	grown_below ';\[tree\+0x[0-9a-f]*\];\[tree\+0x[0-9a-f]*\] '
}

@test "a stripped program without a debug file has no names" {
	folded -- "$DIR/tree"
	unnamed
}

@test "a debug file is found by build ID below /usr/lib/debug" {
	mkdir -p "${by_id%/*}"
	cp "$DIR/full.debug" "$by_id"
	folded -- "$DIR/tree"
	named
}

@test "a debug file is found by debug link, beside the program and in .debug" {
	(cd "$DIR" && objcopy --add-gnu-debuglink=full.debug tree)
	folded -- "$DIR/tree"
	named
	mkdir "$DIR/.debug"
	mv "$DIR/full.debug" "$DIR/.debug"
	chown 65534 "$DIR/.debug/full.debug"
	folded -- "$DIR/tree"
	named
	# A debug file of another build is not used.
	build other
	objcopy --only-keep-debug "$DIR/other" "$DIR/.debug/full.debug"
	folded -- "$DIR/tree"
	unnamed
}

@test "a debug link to a pipe or a device does not block" {
	(cd "$DIR" && objcopy --add-gnu-debuglink=full.debug tree)
	rm "$DIR/full.debug"
	mkdir "$DIR/.debug"
	mkfifo "$DIR/full.debug" "$DIR/.debug/full.debug"
	timeout -s KILL 30 "$TARE" run --as-root -o "$DIR/out.folded" -- "$DIR/tree" ||
		fail "tare waits for the pipe"
	unnamed
}

@test "without a build ID the checksum of the debug link decides" {
	gcc -O1 -g -pthread -Wl,--build-id=none -o "$DIR/plain" \
		"$BATS_TEST_DIRNAME/../programs/call_tree.c"
	objcopy --only-keep-debug "$DIR/plain" "$DIR/full.debug"
	(cd "$DIR" && objcopy --strip-all --add-gnu-debuglink=full.debug plain tree)
	folded -- "$DIR/tree"
	named
	echo >>"$DIR/full.debug"
	folded -- "$DIR/tree"
	unnamed
}

@test "a compressed symbol table in the program is read" {
	need xz
	printf '%s\n' inner middle outer main >"$DIR/names"
	objcopy -S --keep-symbols="$DIR/names" "$DIR/full.debug" "$DIR/mini"
	xz -q "$DIR/mini"
	objcopy --add-section .gnu_debugdata="$DIR/mini.xz" "$DIR/tree"
	folded -- "$DIR/tree"
	named
}

@test "a compressed table that would become hundreds of megabytes is not read" {
	need xz
	head -c 300M /dev/zero | xz -1 >"$DIR/bomb.xz"
	objcopy --add-section .gnu_debugdata="$DIR/bomb.xz" "$DIR/tree"
	run "$TARE" run --self --as-root -r "$DIR/r.tare" -o "$DIR/r.json" -- "$DIR/tree"
	status_is 0
	says 'would need too much memory'
	report assert "$DIR/r.json" "r['self']['rss'] < 128 << 20"
}

# serve SCRIPT: starts a server on $port; SCRIPT is Python, with `s` its listening socket.
serve() {
	python3 - "$DIR/port" <<-END >/dev/null 2>&1 3>&- &
		import http.server, os, socket, sys
		s = socket.create_server(("127.0.0.1", 0))
		with open(sys.argv[1] + ".new", "w") as f:
		    f.write(str(s.getsockname()[1]))
		os.rename(sys.argv[1] + ".new", sys.argv[1])
		$1
	END
	server=$!
	until_true 10 test -e "$DIR/port"
	port=$(cat "$DIR/port")
	export DEBUGINFOD_CACHE_PATH=$DIR/cache
}
files='os.chdir(sys.argv[1][:-5])
handler = http.server.SimpleHTTPRequestHandler
h = http.server.HTTPServer(s.getsockname(), handler, False); h.socket = s; h.serve_forever()'

@test "a debuginfod server is used only if DEBUGINFOD_URLS is set" {
	need python3
	mkdir -p "$DIR/buildid/$id"
	cp "$DIR/full.debug" "$DIR/buildid/$id/debuginfo"
	serve "$files"
	env -u DEBUGINFOD_URLS "$TARE" run --as-root -o "$DIR/out.folded" -- "$DIR/tree"
	unnamed
	[ ! -e "$DIR/cache" ] || fail "a server was used without DEBUGINFOD_URLS"
	DEBUGINFOD_URLS=http://127.0.0.1:$port folded -- "$DIR/tree"
	named
}

@test "no server is used if another user could redirect its cache" {
	need python3
	[ "$(id -u)" = 0 ] || skip "needs root"
	mkdir -p "$DIR/buildid/$id" "$DIR/roots" "$DIR/home/.cache"
	cp "$DIR/full.debug" "$DIR/buildid/$id/debuginfo"
	ln -s "$DIR/roots" "$DIR/home/.cache/debuginfod_client"
	chown -hR 65534:65534 "$DIR/home"
	serve "$files"
	unset DEBUGINFOD_CACHE_PATH
	HOME=$DIR/home DEBUGINFOD_URLS=http://127.0.0.1:$port folded -- "$DIR/tree"
	unnamed
	[ -z "$(ls -A "$DIR/roots")" ] || fail "root wrote where a link of another user's led"
}

@test "a server that never answers does not delay the report" {
	need python3
	serve 'keep = [s.accept() for _ in range(100)]'
	SECONDS=0
	DEBUGINFOD_URLS=http://127.0.0.1:$port folded -- "$DIR/tree"
	[ "$SECONDS" -lt 60 ] || fail "$SECONDS seconds"
	unnamed
}
