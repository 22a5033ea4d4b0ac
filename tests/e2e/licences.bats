#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# tools/release: what is linked into the static file must be known, and go with GPL-2.0-only.

load lib/common

setup() {
	release=$DIR/release
	mkdir "$release"
	cp "$BATS_TEST_DIRNAME"/../../tools/release/{parts.py,sbom.py,licences} "$release"
	echo "$(gcc -print-file-name=libc.a)(puts.o)" >"$DIR/map"
	echo '{"packages": {}}' >"$DIR/lock"
}

# sbom: of a file that has one function of libc
sbom() {
	need dpkg-query jq
	dpkg-query -W libc6-dev >/dev/null 2>&1 || skip "not Debian"
	run --separate-stderr env SOURCE_DATE_EPOCH=1 "$release/sbom.py" 1.0.0 amd64 "$TARE" \
		"$DIR/map" "$DIR/lock"
}

@test "each part has its licence" {
	sbom
	status_is 0
	run jq -r '.components[] | "\(.name) \(.licenses[0].expression)"' <<<"$output"
	says 'libc6-dev LGPL-2.1-or-later'
}

@test "a package that nobody has looked at is refused" {
	sed -i '/^libc6-dev/d' "$release/licences"
	sbom
	status_is 1
	[[ $stderr == *'licences does not have libc6-dev'* ]] || fail "$stderr"
}

@test "a licence that does not go with GPL-2.0-only is refused; one of a choice is enough" {
	sed -i 's/^\(libc6-dev\).*/\1 GPL-3.0-or-later/' "$release/licences"
	sbom
	status_is 1
	[[ $stderr == *'libc6-dev is under GPL-3.0-or-later'* ]] || fail "$stderr"
	sed -i 's/^\(libc6-dev\).*/\1 LGPL-3.0-or-later OR GPL-2.0-or-later/' "$release/licences"
	sbom
	status_is 0
	sed -i 's/^\(libc6-dev\).*/\1 MIT AND LGPL-3.0-or-later/' "$release/licences"
	sbom
	status_is 1
}
