#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tare is hardened, and tools/hardening finds each property that is missing.

load lib/common

hardening=$BATS_TEST_DIRNAME/../../tools/hardening

@test "tare is hardened" {
	need readelf
	run "$hardening" "$TARE"
	status_is 0
	says 'PIE' 'RELRO  *full' 'FORTIFY' 'protector'
}

# built FLAG…: a program with enough functions to count landing pads, hardened but for FLAGs
built() {
	local i
	for i in {1..150}; do
		echo "int f$i(char *s) { char b[64]; strcpy(b, s); return puts(b); }"
	done >"$DIR/p.c"
	echo 'int main(int n, char **v) { return n > 1 ? f1(v[1]) : 0; }' >>"$DIR/p.c"
	gcc -include stdio.h -include string.h -w -O2 -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=2 \
		-fstack-protector-strong -fcf-protection -fPIE -pie -Wl,-z,relro,-z,now "$@" \
		-o "$DIR/p" "$DIR/p.c"
}

# missing PROPERTY FLAG…: a program built so lacks this property, and only this
missing() {
	local property=$1
	shift
	built "$@"
	run "$hardening" "$DIR/p"
	status_is 1
	[ "$(grep -c '^WRONG' <<<"$output")" = 1 ] || fail "$*:" "$output"
	says "^WRONG  $property"
}

@test "what is missing is found" {
	need gcc readelf
	[ "$(uname -m)" = x86_64 ] || skip 'flags of x86-64'
	built
	run "$hardening" "$DIR/p"
	status_is 0
	missing PIE -no-pie
	missing RELRO -Wl,-z,norelro
	missing RELRO -Wl,-z,lazy
	missing 'stack not executable' -Wl,-z,execstack
	missing 'no RPATH' -Wl,-rpath,/tmp
	missing 'stack protector' -fno-stack-protector
	missing FORTIFY_SOURCE -U_FORTIFY_SOURCE
	missing CET -fcf-protection=none
}

@test "a file that is no program is not passed" {
	need readelf
	run "$hardening" "$BATS_TEST_FILENAME"
	status_is 1
	says 'not an ELF file'
	run "$hardening"
	status_is 125
}
