# SPDX-License-Identifier: GPL-2.0-only
#
# Packs what a guest runs: the initramfs of an architecture, with tare, the programs, busybox,
# Python, and the libraries that they need. For another architecture than this machine's, all of
# it is built and taken from a root of that architecture. It does not know what the tests do.

# build ARCH: builds tare and the programs if ARCH is not this machine's. If something that this
# needs cannot be had, it writes the reason to $work/ARCH/why and returns 2.
build() {
	local why=$work/$1/why
	mkdir -p "$work/$1" && rm -f "$why"
	[ "$1" != "$host" ] || return 0
	command -v "qemu-system-$(machine "$1")" >/dev/null ||
		{ echo "qemu for it is missing: tools/setup $1" >"$why"; return 2; }
	command -v "$(machine "$1")-linux-gnu-gcc" >/dev/null ||
		{ echo "a compiler for it is missing: tools/setup $1" >"$why"; return 2; }
	"$top/tools/cross-root" "$1" "$top/build/$1-root" >"$work/$1/root.log" 2>&1 ||
		{ tail -n1 "$work/$1/root.log" >"$why"; return 2; }
	# Clears make's flags: those of an outer make contain its job server and variables.
	env -u MAKEFLAGS -u MAKEOVERRIDES -u MFLAGS -u CC -u TARE -u PROGRAMS \
		make -C "$top" --no-print-directory -j"$(nproc)" ARCH="$1" O="$O/$1" build-guest \
			</dev/null >"$work/$1/build.log" 2>&1
}

# machine ARCH: the name that uname prints
machine() {
	case $1 in
	x86) echo x86_64 ;;
	arm64) echo aarch64 ;;
	esac
}

# take ARCH: from here on the files of this architecture are packed: its build folder and its
# libraries
take() {
	out=$work/$1
	if [ "$1" = "$host" ]; then
		# shellcheck disable=SC2153 # of those who load this
		built=$O tare=$TARE programs=$PROGRAMS sysroot=
	else
		built=$O/$1 tare=${TARE_OTHER:-$O/$1/tare}
		programs=$O/$1/programs sysroot=$top/build/$1-root
	fi
	folder=lib/$(machine "$1")-linux-gnu
	root=$out/root
}

# ship FILE [PATH]: copies it into the initramfs, with its libraries, each at its own path
ship() {
	local lib to=${2:-$1}
	mkdir -p "$root/$(dirname "$to")"
	cp -L "$1" "$root/$to" || return 1
	libraries "$1" | while read -r lib; do
		[ -e "$root/$lib" ] || { mkdir -p "$root/${lib%/*}" &&
			cp -L "$sysroot$lib" "$root/$lib"; }
	done
	return 0
}

# libraries FILE: the paths of the libraries that it loads. ldd cannot run files of another
# architecture: their libraries are looked up by name.
libraries() {
	if [ -z "$sysroot" ]; then
		ldd "$1" 2>/dev/null | grep -o '/[^ ]*'
		return
	fi
	readelf -l "$1" 2>/dev/null | sed -n 's/.*program interpreter: \(.*\)\]/\1/p'
	needed "$1" | sort -u
}

needed() {
	local name at
	readelf -d "$1" 2>/dev/null | sed -n 's/.*(NEEDED).*\[\(.*\)\]/\1/p' |
		while read -r name; do
		at=$folder/$name
		[ -e "$sysroot/$at" ] || at=lib/$name # libRmath has no folder by architecture
		[ -e "$sysroot/$at" ] || continue
		echo "/$at"
		needed "$sysroot/$at"
	done
}

# pack: makes the initramfs for all kernels of the architecture that was taken
pack() {
	local program
	rm -rf "$root" && mkdir -p "$root/bin" "$root/etc" "$root/tests" || return 1
	cp "$here/init" "$root/init"
	cp "$here/tests.sh" "$here/agent.sh" "$here/refused" "$here"/*.list "$root/tests/" &&
		cp "$LIST" "$root/tests/tests.list" || return 1
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	ship "$(in_root busybox)" /bin/busybox && ship "$tare" /tests/tare &&
		ship "$built/tests/kernels/guest_check" /tests/guest_check || return 1
	ship_unwinder || return 1
	for program in $(listed); do
		ship "$(built "$program")" "/tests/programs/$program" || return 1
	done
	ship_python
	(cd "$root" && find . -print0 | cpio --quiet -0 -o -H newc) >"$out/initramfs"
}

# in_root NAME: the path of a system program for the guest
in_root() {
	if [ -z "$sysroot" ]; then command -v "$1"; else echo "$sysroot/usr/bin/$1"; fi
}

# glibc loads this library by name when a thread ends itself.
ship_unwinder() {
	local beside
	beside=$(libraries "$built/tests/kernels/guest_check" | sed -n 's|\(.*\)/libc\.so.*|\1|p')
	if [ -z "$sysroot" ]; then
		ship "$($CC -print-file-name=libgcc_s.so.1)" "$beside/libgcc_s.so.1"
	else
		ship "$sysroot/$folder/libgcc_s.so.1" "$beside/libgcc_s.so.1"
	fi
}

# ship_python: the system's Python, with the modules that it needs to start. This machine's
# Python tells their names; they are used for other architectures too.
ship_python() {
	local python file
	python=$(readlink -f "$sysroot/usr/bin/python3") || return 0
	[ -x "$python" ] && [ -x /usr/bin/python3 ] || return 0
	ship "$python" /usr/bin/python3
	/usr/bin/python3 -I -S -c 'import sys
for m in list(sys.modules.values()):
	if getattr(m, "__file__", None): print(m.__file__)' |
		while read -r file; do
			[ -e "$sysroot$file" ] && mkdir -p "$root/${file%/*}" &&
				cp "$sysroot$file" "$root/$file"
		done
	# If none exists, the version differs, and Python could not start.
	compgen -G "$root/usr/lib/python3*" >/dev/null || rm "$root/usr/bin/python3"
}

# The programs in the lists, from the build folder of each.
listed() {
	awk '$2 == "exact" || $2 == "attach" || $2 == "kmem" || $2 == "samples" || $2 == "packed" ||
		$2 == "untouched" || $2 == "fexit" || $2 == "recording" { print $3 }
		$2 == "backend" || $2 == "settled" || $2 == "oom" { print $4 }
		$2 == "agent" { print "kernel_maker\ntarget\nhog\nswapped" }
		$2 == "refuse" || $2 == "group" || $2 == "agent" { print "parked" }' \
		"$LIST" "$here"/many.list |
		sort -u
}

built() {
	local test=$built/tests/kernels/$1
	if [ -e "$test" ]; then echo "$test"; else echo "$programs/$1"; fi
}
