#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# Known call chains under all conditions: with every way to build the program, with its file
# deleted or replaced, with libraries loaded and unloaded.

load lib/common
load lib/stacks
load lib/hold

teardown() {
	exec 9>&-
	end_all ${tare:-} ${program:-} "${started[@]}"
}

SOURCES=$BATS_TEST_DIRNAME/../programs

# library NAME [FLAG…]: builds a library whose grow() adds 32 MiB in NAME_inner, called by
# NAME_outer.
library() {
	cat >"$DIR/$1.c" <<-END
		#include <string.h>
		#include <sys/mman.h>
		static volatile int after;
		__attribute__((noipa)) static void $1_inner(void)
		{
			char *mem = mmap(0, 32 << 20, PROT_READ | PROT_WRITE,
					 MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			madvise(mem, 32 << 20, MADV_NOHUGEPAGE);
			for (int at = 0; at < 32 << 20; at += 4096)
				mem[at] = 1;
			munmap(mem, 32 << 20);
			after++;
		}
		__attribute__((noipa)) static void $1_outer(void) { $1_inner(); after++; }
		void grow(void) { $1_outer(); after++; }
	END
	gcc -O1 -g -shared -fPIC "${@:2}" -o "$DIR/$1.so" "$DIR/$1.c"
}

# tree NAME [FLAG…]: builds call_tree with NAME_ before its functions' names.
tree() {
	gcc -O1 -g -pthread -Dinner="$1_inner" -Dmiddle="$1_middle" -Douter="$1_outer" "${@:2}" \
		-o "$DIR/$1" "$SOURCES/call_tree.c"
}

for_each_build() {
	local flags
	for flags in -O0 -O2 -O3 -Os '-no-pie -Wl,-Ttext-segment=0x405000' \
		'-Wl,-z,max-page-size=0x200000' -fno-omit-frame-pointer -static \
		-no-pie '-static -no-pie' -static-pie \
		-fcf-protection=full '-Wl,-z,noseparate-code' \
		'-Wl,-z,separate-code' -flto -fstack-protector-all \
		-fno-dwarf2-cfi-asm '-mno-red-zone' -gz; do
		"$@" "$flags"
	done
}

@test "a call chain is found however the program is built" {
	need gcc
	one() {
		tree built $1
		folded -- "$DIR/built" calls
		grown_below ';main;built_outer;built_middle;built_inner ' || fail "built with $1"
	}
	for_each_build one
}

@test "signal handlers and threads of static programs are unwound" {
	need gcc
	tree still -static
	folded -- "$DIR/still" thread
	grown_below ';.*clone.*;start_thread;in_thread;still_outer;still_middle;still_inner '
	folded -- "$DIR/still" signal
	grown_below ';main;.*;.*restore_rt;on_signal;still_outer;still_middle;still_inner '
}

@test "a program with .debug_frame only is unwound" {
	need gcc
	tree debug -fno-asynchronous-unwind-tables -fno-unwind-tables -fomit-frame-pointer
	folded -- "$DIR/debug" calls
	grown_below ';main;debug_outer;debug_middle;debug_inner '
}

@test "code without rules is followed by its instructions until it returns" {
	need gcc
	[ "$(uname -m)" = x86_64 ] || skip 'code is read on x86-64 only'
	for flags in -O2 -O0 '-O2 -fno-omit-frame-pointer'; do
		tree bare -fno-asynchronous-unwind-tables -fno-unwind-tables \
			-fomit-frame-pointer $flags
		strip -g "$DIR/bare"
		folded -- "$DIR/bare" calls
		grown_below ';__libc_start.*;main_.*;bare_outer_.*;bare_middle_.*;bare_inner_'
	done
}

# What was never touched can't be read: what is above it can.
@test "a stack is read across pages that were never touched" {
	need gcc
	cat >"$DIR/hole.c" <<-END
		#include <string.h>
		static char big[32 << 20];
		static volatile int after;
		__attribute__((noipa)) static void grow(char *at)
		{
			memset(big, 1, sizeof(big));
			after++;
		}
		__attribute__((noipa)) static void over(void)
		{
			char hole[12000];
			grow(hole);
			after++;
		}
		int main(void) { over(); return !after; }
	END
	gcc -O1 -g -o "$DIR/hole" "$DIR/hole.c"
	folded --period 256KiB -- "$DIR/hole"
	grown_below ';main;over;grow;'
}

@test "a library's constructor and destructor are unwound" {
	need gcc
	cat >"$DIR/begin.c" <<-END
		#include <stdlib.h>
		#include <string.h>
		static void *kept;
		__attribute__((noipa)) static void grow(void)
		{
			memset(kept = malloc(32 << 20), 1, 32 << 20);
		}
		__attribute__((constructor)) static void begin(void) { grow(); free(kept); }
		__attribute__((destructor)) static void end(void) { grow(); free(kept); }
	END
	gcc -O1 -g -shared -fPIC -o "$DIR/begin.so" "$DIR/begin.c"
	echo 'int main(void) { return 0; }' >"$DIR/main.c"
	gcc -o "$DIR/main" "$DIR/main.c" -Wl,--no-as-needed "$DIR/begin.so"
	folded -- "$DIR/main"
	grown_below ';_dl_init;.*;begin;grow;'
	grown_below ';[^;]*exit;.*;end;grow;'
	! grep -F '[truncated]' "$DIR/out.folded" || fail "not whole"
}

@test "a first function that was jumped to ends the stack" {
	need gcc
	cat >"$DIR/first.c" <<-END
		static volatile char big[32 << 20];
		__attribute__((noipa)) static void inner(void)
		{
			for (unsigned at = 0; at < sizeof(big); at += 4096)
				big[at] = 1;
		}
		__attribute__((noipa, used)) void first(void)
		{
			inner();
			asm volatile("syscall" : : "a"(231), "D"(0));
		}
		asm(".globl _start; _start: jmp first");
	END
	gcc -O1 -g -static -nostdlib -o "$DIR/first" "$DIR/first.c"
	folded -- "$DIR/first"
	grown_below '^first;[^;]*;first;inner '
}

@test "a stack of 5,000 frames is right up to where its copy ends" {
	folded --period 512KiB -- "$PROGRAMS/call_tree" deep 5000
	grown_below ';\[truncated\];(deep;){1000,}inner '
}

@test "two libraries, one after the other at the same address" {
	need gcc
	library one
	library two
	"$TARE" run --as-root -o "$DIR/out.folded" -- "$PROGRAMS/call_lib" "$DIR/one.so" \
		"$DIR/two.so" >"$DIR/at"
	[ "$(sort -u "$DIR/at" | wc -l)" = 1 ] ||
		fail "the libraries were at different addresses: $(cat "$DIR/at")"
	grown_below ';main;call;grow;one_outer;one_inner '
	grown_below ';main;call;grow;two_outer;two_inner '
}

@test "two processes with the same library at different addresses" {
	need gcc
	library one
	"$TARE" run --as-root -o "$DIR/out.folded" -- sh -c '"$0" "$1"; "$0" "$1"' \
		"$PROGRAMS/call_lib" "$DIR/one.so" >"$DIR/at"
	[ "$(sort -u "$DIR/at" | wc -l)" = 2 ] || skip "addresses are not random here"
	between ';main;call;grow;one_outer;one_inner ' $((63 << 20)) $((67 << 20))
}

@test "after exec, the old program's addresses have the new program's names" {
	need gcc
	tree one -no-pie
	tree two -no-pie
	tree three -no-pie
	folded -- "$DIR/one" exec "$DIR/two" exec "$DIR/three" calls
	for name in one two three; do
		grown_below ";main;${name}_outer;${name}_middle;${name}_inner "
	done
}

@test "a library that is deleted before it is mapped" {
	need gcc
	library gone
	cp "$DIR/gone.so" "$DIR/bare.so"
	strip "$DIR/bare.so"
	folded -- bash \
		-c 'exec 8<"$1" 9<"$2"; rm "$1" "$2"; exec "$0" /proc/self/fd/8 /proc/self/fd/9' \
		"$PROGRAMS/call_lib" "$DIR/gone.so" "$DIR/bare.so"
	grown_below ';main;call;grow;gone_outer;gone_inner '
	local frame='\[bare.so \(deleted\)\+0x[0-9a-f]*\]'
	grown_below ";main;call;grow;$frame;$frame "
}

# waiting PROGRAM: starts it; it waits for its input to end.
waiting() {
	mkfifo "$DIR/go"
	"$1" wait <"$DIR/go" 3>&- &
	program=$!
	exec 9>"$DIR/go"
	until_true 10 sleeps "$program"
}
sleeps() {
	[[ $(readlink "/proc/$1/exe") == "$DIR"/* && $(cat "/proc/$1/wchan") == *pipe_read* ]]
}

# grow_attached: lets the program go on once tare has attached.
grow_attached() {
	"$TARE" attach -p "$program" -o "$DIR/out.folded" >/dev/null 2>"$DIR/err" 3>&- 9>&- &
	tare=$!
	until_true 10 blocks_usr1 "$tare"
	kill -USR1 "$tare"
	until_true 10 test -e "$DIR/out.1.folded"
	exec 9>&-
	finished "$tare"
	status_is 0
}
blocks_usr1() {
	local mask
	mask=$(sed -n 's/^SigBlk:\t//p' "/proc/$1/status")
	(((16#$mask >> 9) & 1))
}

@test "attached to a program whose file is gone" {
	need gcc
	tree away
	waiting "$DIR/away"
	rm "$DIR/away"
	grow_attached
	grown_below ';main;away_outer;away_middle;away_inner '
}

@test "attached to a program whose file was replaced" {
	need gcc
	tree old -no-pie
	tree new -no-pie
	waiting "$DIR/old"
	mv "$DIR/new" "$DIR/old"
	grow_attached
	grown_below ';main;old_outer;old_middle;old_inner '
}

# has_open PID NAME: one of its descriptors is of such a file.
has_open() {
	find "/proc/$1/fd" -lname "*$2" 2>/dev/null | grep -q .
}

@test "files that are only in the process's mount namespace" {
	need gcc unshare
	library inside
	tree shut
	cp "$PROGRAMS/call_lib" "$DIR/lib_user"
	# The file can be opened as long as the process lives: it waits for that.
	HOLD=1 hold "$TARE" run --as-root -o "$DIR/out.folded" -- \
		unshare -m sh -c 'mount -t tmpfs none /mnt && cp "$@" /mnt &&
			/mnt/lib_user /mnt/inside.so; exec /mnt/shut calls' \
		sh "$DIR/lib_user" "$DIR/inside.so" "$DIR/shut"
	until_true 20 has_open "${started[0]}" inside.so
	let_go
	grown_below ';main;call;grow;inside_outer;inside_inner '
	grown_below ';main;shut_outer;shut_middle;shut_inner '
}

@test "a program in a root directory of its own" {
	need gcc chroot
	mkdir "$DIR/root"
	tree rooted -static
	mv "$DIR/rooted" "$DIR/root/program"
	folded -- chroot "$DIR/root" /program calls
	grown_below ';main;rooted_outer;rooted_middle;rooted_inner '
}

@test "Rust: names as mangled by default, and as v0" {
	need rustc
	cat >"$DIR/known.rs" <<-END
		mod depot {
			pub struct Store<T>(pub Vec<T>);
			impl<T: Clone> Store<T> {
				#[inline(never)]
				pub fn grow(&mut self, one: T, n: usize) { self.0.resize(n, one); }
			}
		}
		#[inline(never)]
		fn work() -> usize {
			let mut s = depot::Store(Vec::new());
			s.grow(1u8, 32 << 20);
			s.0.len()
		}
		fn main() {
			let n = std::thread::spawn(|| work() + 1).join().unwrap();
			std::process::exit((n == 0) as i32);
		}
	END
	for form in '' '-C symbol-mangling-version=v0'; do
		rustc -g -C opt-level=1 $form -o "$DIR/known" "$DIR/known.rs"
		folded -- "$DIR/known"
		grown_below ';start_thread;.*;known::work;.*known::depot::Store<.*>::grow'
	done
}
