#!/usr/bin/env bats
# SPDX-License-Identifier: GPL-2.0-only
#
# At each checkpoint of each program: anon, file, shmem, swap and page tables of every process
# equal the kernel's figures to the byte, the reported threads are the living ones, the report's
# arithmetic holds, and each task did what the program says that it did.

load lib/common

@test "threads that touch memory and free it" {
	exact --checkpoints 2 --facts 48 -- "$PROGRAMS/threads" 8 1024
}

@test "64 threads" {
	exact --checkpoints 2 --facts 384 -- "$PROGRAMS/threads" 64 64
}

@test "one thread allocates, another frees" {
	exact --checkpoints 2 --facts 5 -- "$PROGRAMS/give_take"
}

@test "MAP_POPULATE, MADV_POPULATE_WRITE, mlock" {
	exact --facts 7 -- "$PROGRAMS/populate"
}

@test "mremap grows, moves, shrinks" {
	exact --checkpoints 3 --facts 5 -- "$PROGRAMS/remap"
}

@test "madvise(DONTNEED), and pages that are only read" {
	exact --checkpoints 4 --facts 7 -- "$PROGRAMS/discard"
}

@test "huge pages: whole, split, collapsed" {
	exact --checkpoints 3 --facts 5 -- "$PROGRAMS/huge"
}

@test "fork with copy-on-write: the initial balance is what fork copied" {
	exact --checkpoints 4 --facts 5 -- "$PROGRAMS/fork_cow"
}

@test "vfork, posix_spawn, clone(CLONE_VM) and exec" {
	exact --facts 3 -- "$PROGRAMS/spawn"
}

@test "a chain of execs" {
	exact --checkpoints 6 --facts 6 -- "$PROGRAMS/exec_chain" 6
}

@test "exec from a thread that is not the leader" {
	exact --checkpoints 2 --facts 2 -- "$PROGRAMS/exec_thread"
}

@test "the first thread ends, the others go on" {
	exact --checkpoints 2 -- "$PROGRAMS/leader_gone"
}

@test "memfd, POSIX and System V shared memory between processes" {
	exact --checkpoints 3 --facts 6 -- "$PROGRAMS/shared"
}

@test "file mappings: shared, private, copied, cut off" {
	exact --checkpoints 3 --facts 6 -- "$PROGRAMS/file_map"
}

@test "brk up and down" {
	exact --checkpoints 2 --facts 5 -- "$PROGRAMS/heap"
}

@test "deep stacks" {
	exact --checkpoints 3 --facts 2 -- "$PROGRAMS/deep_stack"
}

@test "two processes that share one address space" {
	exact -- "$PROGRAMS/clone_vm"
}

@test "pages that system calls fill" {
	exact --facts 4 -- "$PROGRAMS/sys_grow"
}

@test "pages that userfaultfd fills" {
	exact --facts 2 -- "$PROGRAMS/uffd"
}

@test "after 1,000 threads" {
	exact -- "$PROGRAMS/thread_churn" 1000 8
}

@test "after 200 processes" {
	exact -- "$PROGRAMS/fork_churn" 200 4
}

@test "a daemon, while its parent lives and after" {
	exact --opt=--wait-all --checkpoints 2 --status 3 -- "$PROGRAMS/daemonize"
}

@test "a program that a signal kills" {
	exact --status 143 -- "$PROGRAMS/die_by" 15
}

@test "a program that SIGKILL kills" {
	exact --status 137 -- "$PROGRAMS/die_by" 9 64
}

@test "four processes whose threads change memory all the time, stopped five times" {
	compared real_programs --every 150 --times 5 -- "$PROGRAMS/busy" 4 4
}
