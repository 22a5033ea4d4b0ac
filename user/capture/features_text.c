/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What each feature is for, in words: the table behind `tare doctor` and the
 * messages of features_check(). It must not know how a feature is found.
 */
#include "capture/features.h"

const char *const feature_state_name[] = {
	[FEATURE_NO] = "no",	 [FEATURE_PARTLY] = "partly",   [FEATURE_YES] = "yes",
	[FEATURE_INFO] = "info", [FEATURE_UNKNOWN] = "unknown",
};

const char *const feature_group_name[GROUPS] = {
	[GROUP_ACCESS] = "access",   [GROUP_TRACEPOINTS] = "tracepoints",
	[GROUP_LEDGER] = "ledger",   [GROUP_BPF] = "bpf",
	[GROUP_MACHINE] = "machine", [GROUP_LATER] = "not used by this version",
};

const char *const ledger_arm_name[ARM_NONE] = {
	[ARM_PERCPU] = "percpu",
	[ARM_COUNT] = "count",
	[ARM_CLASSIC] = "classic",
};

#define ROOT "sudo tare ..., or capabilities: see `tare run --help`"
#define BTF "a kernel built with CONFIG_DEBUG_INFO_BTF=y, as distributions' are"
#define NEWER "a newer kernel"

const struct feature_text feature_text[FEATURES] = {
	[FEATURE_BTF] = { GROUP_ACCESS, true, "btf", "finds the kernel's types and fields by name",
			  "can't know this kernel's structures", BTF },
	[FEATURE_BPF] = { GROUP_ACCESS, true, "bpf", "loads its programs",
			  "can't load its programs", ROOT },
	[FEATURE_PERFMON] = { GROUP_ACCESS, true, "cap_perfmon", "attaches to tracepoints",
			      "may not attach to tracepoints", ROOT },
	[FEATURE_KERNEL_READ] = { GROUP_ACCESS, true, "kernel reads",
				  "reads the kernel's own counters",
				  "can't read the kernel's counters",
				  "lockdown=integrity or none on the kernel's command line" },
	[FEATURE_PTRACE] = { GROUP_ACCESS, false, "cap_sys_ptrace",
			     "names programs of other users that it attaches to",
			     "other users' programs go without path and arguments",
			     "sudo tare ..., or setcap cap_sys_ptrace+ep" },
	[FEATURE_SETID] = { GROUP_ACCESS, false, "cap_setuid, cap_setgid",
			    "runs the command as the user who called sudo, or --user",
			    "the command runs as the user that tare runs as",
			    "sudo tare ..., or setcap cap_setuid,cap_setgid+ep" },
	[FEATURE_KILL] = { GROUP_ACCESS, false, "cap_kill",
			   "can end a command that runs as another user",
			   "--kill-on-exit and a second Ctrl-C only reach one's own",
			   "sudo tare ..., or setcap cap_kill+ep" },

	[FEATURE_RSS_STAT] = { GROUP_TRACEPOINTS, true, "rss_stat",
			       "one entry in the ledger per change of a counter",
			       "has nothing to enter in its ledger",
			       "a kernel with CONFIG_TRACEPOINTS=y and CONFIG_MMU=y" },
	[FEATURE_EXIT_MMAP] = { GROUP_TRACEPOINTS, true, "exit_mmap",
				"closes an address space's books, which must be at 0",
				"can't tell when an address space ends", NEWER },
	[FEATURE_TASK_NEWTASK] = { GROUP_TRACEPOINTS, true, "task_newtask",
				   "follows new threads and children",
				   "can't follow new threads and children", NEWER },
	[FEATURE_PROCESS_EXEC] = { GROUP_TRACEPOINTS, true, "sched_process_exec",
				   "follows a process into a new program",
				   "can't follow execve", NEWER },
	[FEATURE_PROCESS_EXIT] = { GROUP_TRACEPOINTS, true, "sched_process_exit",
				   "notes how and when tasks end", "can't tell when tasks end",
				   NEWER },
	[FEATURE_PROCESS_FREE] = { GROUP_TRACEPOINTS, true, "sched_process_free",
				   "closes a task's account, after its last entry",
				   "can't close the accounts of tasks", NEWER },
	[FEATURE_TASK_RENAME] = { GROUP_TRACEPOINTS, true, "task_rename",
				  "keeps the names that a thread has had",
				  "can't follow the names of threads", NEWER },
	[FEATURE_PAGE_FAULT_KERNEL] = { GROUP_TRACEPOINTS, false, "page_fault_kernel",
					"counts faults in kernel mode apart",
					"faults in kernel mode count as user mode's", NULL },
	[FEATURE_SYS_EXIT] = { GROUP_TRACEPOINTS, false, "sys_exit",
			       "counts virtual memory: mmap, munmap, brk ...",
			       "virtual memory is not measured",
			       "a kernel with CONFIG_FTRACE_SYSCALLS=y" },

	[FEATURE_ARM_PERCPU] = { GROUP_LEDGER, false, "arm percpu",
				 "reads this CPU's part of the counter: exact, cheapest",
				 "takes another arm", NULL },
	[FEATURE_ARM_COUNT] = { GROUP_LEDGER, false, "arm count",
				"takes the count that rss_stat passes (before 6.2)",
				"takes another arm", NULL },
	[FEATURE_ARM_CLASSIC] = { GROUP_LEDGER, false, "arm classic",
				  "takes the classic event's size: exact, dearer",
				  "takes another arm", "mount -t tracefs none /sys/kernel/tracing" },
	[FEATURE_SPLIT_RSS] = { GROUP_LEDGER, false, "per-task rss caches",
				"adds what each task has counted and not yet told",
				"none to add (none since 6.2)", NULL },

	[FEATURE_TASK_STORAGE] = { GROUP_BPF, true, "task storage", "one account per task, however many",
				   "has nowhere to keep the tasks' accounts", NEWER },
	[FEATURE_RINGBUF] = { GROUP_BPF, true, "ring buffer", "sends final accounts to user space",
			      "can't send accounts to user space", NEWER },
	[FEATURE_ITER_TASK] = { GROUP_BPF, true, "task iterator",
				"reads the live tasks' accounts, opens books at attach",
				"can't read the accounts of live tasks", NEWER },
	[FEATURE_TASK_BTF] = { GROUP_BPF, true, "get_current_task_btf", "knows who made an entry",
			       "can't know who made an entry", NEWER },
	[FEATURE_TASK_PT_REGS] = { GROUP_BPF, true, "task_pt_regs",
				   "knows the cause: page fault or which system call",
				   "can't know the cause of an entry", NEWER },
	[FEATURE_ATOMICS] = { GROUP_BPF, true, "atomics (v3)", "loses no count when CPUs race",
			      "counts of racing CPUs would be lost", NEWER },

	[FEATURE_TRACEFS] = { GROUP_MACHINE, false, "tracefs", "classic arm: finds the event's number",
			      "no classic arm", "mount -t tracefs none /sys/kernel/tracing" },
	[FEATURE_LOCKDOWN] = { GROUP_MACHINE, false, "lockdown", NULL, NULL,
			       "mount -t securityfs none /sys/kernel/security" },
	[FEATURE_UNPRIVILEGED_BPF] = { GROUP_MACHINE, false, "unprivileged_bpf_disabled", NULL, NULL,
				       NULL },
	[FEATURE_KPTR] = { GROUP_MACHINE, false, "kptr_restrict", NULL, NULL, NULL },
	[FEATURE_PERF_PARANOID] = { GROUP_MACHINE, false, "perf_event_paranoid", NULL, NULL, NULL },
	[FEATURE_PID_MAX] = { GROUP_MACHINE, false, "pid_max", NULL, NULL,
			      "sysctl kernel.pid_max=4194304" },
	[FEATURE_MAP_COUNT] = { GROUP_MACHINE, false, "max_map_count", NULL, NULL,
				"sysctl vm.max_map_count=1048576" },

	[FEATURE_MEMCG_V2] = { GROUP_LATER, false, "memory cgroup v2",
			       "kernel memory of a workload", NULL, NULL },
	[FEATURE_MEMCG_V1] = { GROUP_LATER, false, "memory cgroup v1",
			       "kernel memory of a workload", NULL, NULL },
	[FEATURE_MEMCG_STATE] = { GROUP_LATER, false, "mod_memcg_state",
				  "kernel memory per task", NULL, NULL },
	[FEATURE_MEMCG_LRUVEC_STATE] = { GROUP_LATER, false, "mod_memcg_lruvec_state",
					 "kernel memory per task, by kind", NULL, NULL },
	[FEATURE_KMALLOC] = { GROUP_LATER, false, "kmalloc", "which kernel code allocates", NULL,
			      NULL },
	[FEATURE_KMEM_CACHE_ALLOC] = { GROUP_LATER, false, "kmem_cache_alloc",
				       "which slab caches grow", NULL, NULL },
	[FEATURE_PAGE_FAULT_USER] = { GROUP_LATER, false, "page_fault_user",
				      "the addresses that fault", NULL, NULL },
};
