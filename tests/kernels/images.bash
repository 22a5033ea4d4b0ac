# SPDX-License-Identifier: GPL-2.0-only
#
# Downloads Debian's kernel images, each once, and unpacks them under $work; they are never
# installed. If no archive can be reached, the image of an earlier run is used. It does not know
# what the images are for.

# shellcheck source=../../tools/apt.bash
. "$top/tools/apt.bash"

# debian ARCH: Debian's name of the architecture
debian() {
	case $1 in
	x86) echo amd64 ;;
	riscv) echo riscv64 ;;
	*) echo "$1" ;;
	esac
}

# newest STATE ARCH VERSION[:FLAVOUR]: the newest image whose version begins so
newest() {
	local version=${3%:*} flavour
	flavour=$(sed -n 's/.*://p' <<<"$3")
	version=${version//./\\.}
	[ "${3%:*}" = . ] && version='[0-9]'
	apt_at "$1" "$2" apt-cache --names-only search \
		"^linux-image-$version.*-${flavour:-cloud-$2}\$" |
		awk '$1 !~ /unsigned/ { print $1 }' | sort -V | tail -n1
}

# parts STATE ARCH IMAGE: the packages of the image and its modules, which newer images split
parts() {
	echo "$3"
	apt_at "$1" "$2" apt-cache depends "$3" 2>/dev/null |
		sed -n 's/^ *Depends: \(linux-\(binary\|modules\)-[0-9].*\)/\1/p'
}

# fetch NAME ARCH SUITES VERSION: prints the folder of a kernel: vmlinuz, and modules if the
# package has them
fetch() {
	local image arch state
	arch=$(debian "$2")
	state=$work/apt/$arch/$3
	apt_look "$state" "$arch" "$3"
	image=$(newest "$state" "$arch" "$4")
	if [ -n "$image" ]; then
		if [ -e "$work/$image/parts" ] || unpack "$state" "$arch" "$image"; then
			ln -sfn "$image" "$work/$1.latest"
		fi
	fi
	[ -e "$work/$1.latest/vmlinuz" ] && echo "$work/$1.latest"
}

# unpack STATE ARCH IMAGE: of the modules only those that swap in memory needs
unpack() {
	local dir=$work/$3 parts deb
	rm -rf "$dir" && mkdir -p "$dir" || return 1
	mapfile -t parts < <(parts "$@")
	(cd "$dir" && apt_at "$1" "$2" apt-get -qq download "${parts[@]}") >&2 || return 1
	for deb in "$dir"/*.deb; do
		dpkg-deb --fsys-tarfile "$deb" | tar -x -C "$dir" --wildcards \
			--exclude='*/rt/*' '*/vmlinuz*' '*/zram.ko*' '*/zsmalloc.ko*' \
			'*/lzo*.ko*' '*/lz4*.ko*' '*/842*.ko*' '*/zstd*.ko*' 2>/dev/null
	done
	find "$dir" -name 'vmlinuz*' -type f -exec mv {} "$dir/vmlinuz" \;
	mkdir -p "$dir/modules"
	find "$dir/lib" "$dir/usr" -name '*.ko*' -exec mv {} "$dir/modules" \; 2>/dev/null
	[ ! -e "$dir/modules/zram.ko.xz" ] || xz -d "$dir/modules"/*.xz
	rm -rf "$dir"/*.deb "${dir:?}"/boot "${dir:?}"/lib "${dir:?}"/usr
	[ -s "$dir/vmlinuz" ] && printf '%s\n' "${parts[@]}" >"$dir/parts"
}
