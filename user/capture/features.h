/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What this kernel, this machine and these privileges offer. It is found by looking and trying
 * (BTF, an accepted or refused bpf() call, /proc, /sys), never by a version number. It must not
 * know what is loaded, nor which processes are followed.
 * features_probe.c looks, features_btf.c reads the kernel's types, features_try.c tries,
 * features.c draws conclusions, features_text.c has the words.
 */
#ifndef TARE_FEATURES_H
#define TARE_FEATURES_H

#include <stdbool.h>
#include <stddef.h>

#include "bpf/abi.h"
#include "capture/kernel_btf.h"

/* One row of `tare doctor` each; feature_text[] says what it is for. */
enum feature_id {
	FEATURE_BTF,
	FEATURE_BPF,         /* the kernel accepted a program */
	FEATURE_PERFMON,     /* may read kernel memory from BPF: CAP_PERFMON or CAP_SYS_ADMIN */
	FEATURE_PTRACE,      /* may read other users' processes in /proc */
	FEATURE_SETID,       /* may become another user, for the command */
	FEATURE_KILL,        /* may signal the command once it is another user's */
	FEATURE_KERNEL_READ, /* BPF may read kernel memory; lockdown can forbid it */
	FEATURE_PROGRAMS,    /* features_try(): the kernel accepts the ledger's programs */

	/* tracepoints */
	FEATURE_RSS_STAT,
	FEATURE_EXIT_MMAP, /* the tracepoint, or fexit of the function: exit_mmap_fexit */
	FEATURE_TASK_NEWTASK,
	FEATURE_PROCESS_EXEC,
	FEATURE_PROCESS_EXIT,
	FEATURE_PROCESS_FREE,
	FEATURE_TASK_RENAME,
	FEATURE_PAGE_FAULT_KERNEL,
	FEATURE_SYS_EXIT,
	FEATURE_OOM,
	FEATURE_MEMCG_STATE,
	FEATURE_MEMCG_LRUVEC_STATE,

	/* Optional parts of the BPF programs. Loading them (loader_open(), loader_try()) shows
	 * whether the kernel accepts them. */
	FEATURE_SAMPLES,
	FEATURE_PYTHON,
	FEATURE_SERIES,
	FEATURE_VMALLOC,
	FEATURE_SOCK,
	FEATURE_HIDDEN,

	FEATURE_BACKEND_PERCPU,
	FEATURE_BACKEND_COUNT,
	FEATURE_BACKEND_CLASSIC,
	FEATURE_SPLIT_RSS, /* yes: tasks cache counts (task_struct.rss_stat) */

	FEATURE_TASK_STORAGE,
	FEATURE_RINGBUF,
	FEATURE_ITER_TASK,
	FEATURE_TASK_BTF,     /* bpf_get_current_task_btf() */
	FEATURE_TASK_PT_REGS, /* bpf_task_pt_regs() */
	FEATURE_LOOP,         /* bpf_loop() */
	FEATURE_PERCPU_ELEM,  /* bpf_map_lookup_percpu_elem() */
	FEATURE_ATOMICS,      /* fetching atomics (-mcpu=v3) */

	FEATURE_TRACEFS,
	FEATURE_LOCKDOWN,
	FEATURE_MEMCG_V2,
	FEATURE_MEMCG_V1,
	FEATURE_OWN_CGROUP, /* features_try(): a control group can be made */
	FEATURE_ALL_TASKS,  /* features_try(): no task runs without tracepoints */
	FEATURE_SLABINFO,
	FEATURE_UNPRIVILEGED_BPF,
	FEATURE_KPTR,
	FEATURE_PERF_PARANOID,
	FEATURE_PID_MAX,
	FEATURE_MAP_COUNT,
	FEATURE_DEBUGINFOD,
	FEATURES,
};

enum feature_state {
	FEATURE_NO,
	FEATURE_PARTLY,
	FEATURE_YES,
	FEATURE_INFO,    /* a value, neither good nor bad */
	FEATURE_UNKNOWN, /* tare could not find out: `detail` says why */
};
extern const char *const feature_state_name[]; /* "no" "partly" "yes" "info" "unknown" */

enum feature_area {
	AREA_ACCESS,
	AREA_TRACEPOINTS,
	AREA_LEDGER,
	AREA_KMEM,
	AREA_BPF,
	AREA_PARTS,
	AREA_MACHINE,
	AREAS,
};
extern const char *const feature_area_name[AREAS];

/* Separates remedies in `mend`; each of them is enough. */
#define FEATURE_OR "; "

/* The constant part of a feature; texts are short English phrases. */
struct feature_text {
	enum feature_area area;
	bool required;       /* `run` can't work when its state is no */
	const char *name;    /* "exit_mmap" */
	const char *figure;  /* what a report lacks without it; NULL: nothing */
	const char *with;    /* what tare does with it */
	const char *without; /* what tare does without it; NULL: the same */
	const char *mend;    /* command or package that provides it; NULL: none */
};
extern const struct feature_text feature_text[FEATURES];

extern const char *const backend_name[BACKEND_NONE]; /* "percpu" "count" "classic" */

struct feature {
	enum feature_state state;
	char detail[192]; /* what was found: "(mm, member)", "errno EPERM", …; may be "" */
	bool refused;     /* the kernel refused it; `detail` is the kernel's reason */
};

struct features {
	struct kernel_btf btf;
	struct feature found[FEATURES];
	const char *why_not[BACKEND_NONE]; /* NULL: the backend is usable */
	/* Mount points; NULL: not mounted. FEATURE_TRACEFS is partly when tare
	 * could mount it; cgroup_v2 may lack the memory controller. */
	char *tracefs;
	char *memcg_v1;
	char *cgroup_v2;
	int bpf_errno;        /* of loading a program for trial; 0: the kernel accepted it */
	bool seccomp;         /* the kernel did not, and a seccomp filter may be the reason */
	bool memcg_long;      /* mod_memcg_state passes its value as a long */
	bool exit_mmap_fexit; /* no tracepoint exit_mmap: fexit of the function is used */
	bool vmalloc_by_node; /* vmalloc is reported by mod_memcg_lruvec_state */
	bool no_sums;         /* programs that read the kernel's counters are refused */
};

/* Fill `f`. `btf`: --btf, or NULL. Returns 0, or -EINVAL, logged, if `btf` is not a usable file; a
 * missing feature is no error. Takes about 5 ms, most of it to read BTF. features_free() accepts
 * NULL. */
int features_probe(struct features *f, const char *btf);
void features_free(struct features *f);

/* For `tare doctor`: load all programs without attaching them, make a control group and remove it
 * again, look for tasks that run without tracepoints. Takes one or two seconds. */
void features_try(struct features *f);

/* The pure steps of features_probe(), also called by tests. The first reads `f->btf.btf`; without
 * BTF these features are unknown. The second decides which backends are usable. */
void features_read_btf(struct features *f);
void features_judge_backends(struct features *f);

/* Do the programs or features_read_btf() look up a type of this name? */
bool features_wants_type(const char *name, uint32_t kind);

/* Set state and detail of a feature. */
void feature_set(struct features *f, enum feature_id id, enum feature_state state, const char *fmt,
		 ...) __attribute__((format(printf, 4, 5)));

/* The kernel refused it: turn it off, with the kernel's reason. */
void feature_refused(struct features *f, enum feature_id id, const char *reason);

/* Why a feature is off; NULL: it is on. The reason is the kernel's if the kernel refused it, else
 * `missing`. */
const char *features_why_not(const struct features *f, enum feature_id id, const char *missing);

/* Is its state yes or partly? */
bool features_has(const struct features *f, enum feature_id id);

/* Returns 0 if `tare run` can work, else -EPERM (missing privileges) or -ENOTSUP (missing in the
 * kernel); log_error() and log_hint() then name what is missing and the remedy. */
int features_check(const struct features *f);

/* Are all required features there, and is a backend usable? */
bool features_enough(const struct features *f);

/* The best backend that is usable; BACKEND_NONE: none is. */
enum counter_backend features_best_backend(const struct features *f);

/* Choose the backend called `forced`, or the best one if `forced` is NULL. Returns 0, -EINVAL for
 * an unknown name, or -ENOTSUP if it is not usable; errors are logged. */
int features_backend(const struct features *f, const char *forced, enum counter_backend *backend);

#endif
