# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads Debian packages of any suite and architecture and unpacks them. Nothing is
# installed, and this machine's own apt is not changed. It must not know what the packages are
# for.

# apt_sources SUITES: prints lines of a sources.list; "-": the suites of this machine's own
# sources.
apt_sources() {
	local keys=/usr/share/keyrings/debian-archive-keyring.gpg options='' site suite
	[ ! -e $keys ] || options="[signed-by=$keys]"
	apt_sites | if [ "$1" = - ]; then
		cat
	else
		awk -v suites="$1" '$1 !~ /security/ && !seen[$1]++ {
			for (i = split(suites, s, ","); i > 0; i--) print $1, s[i] }'
	fi | while read -r site suite; do echo "deb $options $site $suite main"; done
}

# apt_sites: prints "SITE SUITE" for each Debian source of this machine. Downloaded lists tell
# the origin of a source; without lists, the address decides.
apt_sites() {
	local found
	# shellcheck disable=SC2016 # apt's own variables
	found=$(apt-get indextargets \
		--format '$(SITE) $(RELEASE)' 'Identifier: Packages' 'Origin: Debian' | sort -u)
	# shellcheck disable=SC2016
	[ -n "$found" ] || found=$(apt-get indextargets \
		--format '$(SITE) $(RELEASE)' 'Identifier: Packages' |
		grep -E '/debian(-security)?/? ' | sort -u)
	[ -z "$found" ] || echo "$found"
}

# apt_at STATE ARCH COMMAND…: runs an apt command in the folder STATE (an absolute path), with no
# other sources and architectures, as if nothing were installed.
apt_at() {
	local state=$1 arch=$2 command=$3
	shift 3
	"$command" -qq -o APT::Architecture="$arch" -o APT::Architectures::="$arch" \
		-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
		-o Dir::State::status=/dev/null -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		-o APT::Install-Recommends=0 -o APT::Sandbox::User=root "$@" </dev/null
}

# apt_look STATE ARCH SUITES: downloads the lists of these suites, once a day
apt_look() {
	[ -z "$(find "$1/looked" -mmin -1440 2>/dev/null)" ] || return 0
	mkdir -p "$1/lists/partial" "$1/cache/archives/partial" || return 1
	apt_sources "$3" >"$1/sources.list"
	[ -s "$1/sources.list" ] || return 1
	apt_at "$1" "$2" apt-get update >&2 && touch "$1/looked"
}

# apt_unpack DEB FOLDER [TAR-ARG…]: unpacks a package. /lib and similar stay links if they are
# links.
apt_unpack() {
	dpkg-deb --fsys-tarfile "$1" |
		tar -x -C "$2" --keep-directory-symlink --no-same-owner "${@:3}"
}
