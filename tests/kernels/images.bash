# SPDX-License-Identifier: GPL-2.0-only
#
# Kernel images of Debian's, downloaded once and unpacked under $work, never installed. With no
# archive in reach, that of an earlier run will do. It does not know what they are for.

# apt_at SUITES COMMAND…: an apt command, with these suites as the only sources; "-": as this
# machine has it.
apt_at() {
	local suites=$1 command=$2 state=$work/apt/$1
	shift 2
	if [ "$suites" = - ]; then
		"$command" -o APT::Sandbox::User=root "$@"
		return
	fi
	"$command" -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=- \
		-o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
		-o Dir::State::status=/dev/null -o Acquire::Languages=none \
		-o Acquire::IndexTargets::deb::DEP-11::DefaultEnabled=false \
		-o APT::Sandbox::User=root "$@"
}

# Where this machine gets Debian from.
# shellcheck disable=SC2016 # apt's own variable
site() {
	apt-get indextargets --format '$(SITE)' 'Identifier: Packages' 'Label: Debian' | head -n1
}

# look SUITES: what they have, looked up once a day
look() {
	local state=$work/apt/$1 keys=/usr/share/keyrings/debian-archive-keyring.gpg suite from
	[ "$1" = - ] && return
	[ -n "$(find "$state/looked" -mmin -1440 2>/dev/null)" ] && return
	from=$(site)
	[ -n "$from" ] || return 1
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" || return 1
	[ -e "$keys" ] && keys="[signed-by=$keys]" || keys=
	for suite in ${1//,/ }; do
		echo "deb $keys $from $suite main"
	done >"$state/sources.list"
	apt_at "$1" apt-get -qq update >&2 && touch "$state/looked"
}

# newest SUITES VERSION: the newest image that begins so
newest() {
	local version=${2//./\\.}
	[ "$2" = . ] && version='[0-9]'
	apt_at "$1" apt-cache --names-only search "^linux-image-$version.*-cloud-amd64\$" |
		awk '$1 !~ /unsigned/ { print $1 }' | sort -V | tail -n1
}

# parts SUITES IMAGE: the packages that have it and its modules: newer images are split
parts() {
	echo "$2"
	apt_at "$1" apt-cache depends "$2" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-\(binary\|modules\)-[0-9].*\)/\1/p'
}

# fetch NAME SUITES VERSION: prints the folder of its kernel: vmlinuz, and modules if the
# package has them
fetch() {
	local image
	look "$2"
	image=$(newest "$2" "$3")
	if [ -n "$image" ]; then
		if [ -e "$work/$image/parts" ] || unpack "$2" "$image"; then
			ln -sfn "$image" "$work/$1.latest"
		fi
	fi
	[ -e "$work/$1.latest/vmlinuz" ] && echo "$work/$1.latest"
}

# unpack SUITES IMAGE: of modules what swap in memory takes
unpack() {
	local dir=$work/$2 parts deb
	rm -rf "$dir" && mkdir -p "$dir" || return 1
	mapfile -t parts < <(parts "$1" "$2")
	(cd "$dir" && apt_at "$1" apt-get -qq download "${parts[@]}") >&2 || return 1
	for deb in "$dir"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --wildcards \
			--exclude='*/rt/*' '*/vmlinuz*' '*/zram.ko*' '*/zsmalloc.ko*' '*/lzo*.ko*' '*/lz4*.ko*' \
			'*/842*.ko*' '*/zstd*.ko*' 2>/dev/null
	done
	find "$dir" -name 'vmlinuz*' -type f -exec mv {} "$dir/vmlinuz" \;
	mkdir -p "$dir/modules"
	find "$dir/lib" "$dir/usr" -name '*.ko*' -exec mv {} "$dir/modules" \; 2>/dev/null
	[ ! -e "$dir/modules/zram.ko.xz" ] || xz -d "$dir/modules"/*.xz
	rm -rf "$dir"/*.deb "${dir:?}"/boot "${dir:?}"/lib "${dir:?}"/usr
	[ -s "$dir/vmlinuz" ] && printf '%s\n' "${parts[@]}" >"$dir/parts"
}
