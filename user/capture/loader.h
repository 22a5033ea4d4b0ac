/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The BPF programs: opens them, configures them for this kernel, loads and attaches them, and
 * calls them from user space. It must not know what records mean.
 */
#ifndef TARE_LOADER_H
#define TARE_LOADER_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi_python.h"
#include "capture/features.h"

struct loader;

struct loader_config {
	struct features *features; /* parts that the kernel refuses are turned off here */
	enum counter_backend backend;
	bool backend_forced; /* try no other backend */
	bool trial;          /* load, but attach nothing */
	bool quiet;          /* errors are not logged */
	bool no_children;
	bool freeze; /* the workload's only peaks are OOM kills (TARE_REC_OOM) */
	bool stats;  /* the kernel counts runs and run time of each program */
	uint32_t max_mms;
	uint64_t ring_bytes; /* rounded up to a power of two pages */
	uint32_t period;     /* bytes of growth per sample; 0: no samples */
	uint32_t stack;      /* bytes of stack to copy with each sample, at most */
	uint64_t samples_ring_bytes;
};

/* Load and attach the programs. They follow no task until loader_attach_tasks(). Returns 0 or
 * negative errno, logged. */
int loader_open(struct loader **l, const struct loader_config *config);
void loader_close(struct loader *l); /* takes NULL */

/* Load all programs with each usable backend, attach nothing, and turn off in `f` what the kernel
 * refuses. Returns 0, or negative errno if no backend works. Takes some tenths of a second. */
int loader_try(struct features *f);

/* Load the programs of *backend, attach nothing. If the kernel refuses that backend, *backend
 * becomes the one that it accepts. Returns 0, or negative errno, logged, if it accepts none. */
int loader_settle(struct features *f, enum counter_backend *backend);

/* The backend in use, and whether samples are taken. */
enum counter_backend loader_backend(const struct loader *l);
bool loader_samples(const struct loader *l);

typedef int (*loader_record_fn)(void *ctx, const void *data, size_t size);

/* The ring of events. Its descriptor becomes readable when the kernel side asks for it.
 * loader_drain() passes records to `fn`, until the ring is empty or `fn` returns less than 0; it
 * returns the number of records, or negative errno. */
int loader_ring_open(struct loader *l, loader_record_fn fn, void *ctx);
int loader_ring_fd(const struct loader *l);
uint64_t loader_ring_bytes(const struct loader *l);
int loader_drain(struct loader *l);

/* The same for the ring of samples; without samples the descriptor is -1. */
int loader_samples_open(struct loader *l, loader_record_fn fn, void *ctx);
int loader_samples_fd(const struct loader *l);
uint64_t loader_samples_bytes(const struct loader *l);
int loader_samples_drain(struct loader *l);
/* How many followed tasks have not ended. */
uint64_t loader_tasks(const struct loader *l);
void loader_sampling(const struct loader *l, struct tare_sampling *s);
/* This address space runs Python: from now on its samples come with Python frames. `python` NULL:
 * the address space is gone. Returns 0 or negative errno. */
int loader_python(struct loader *l, uint64_t mm, const struct tare_python *python);
/* An address space that maps code of this file from now on runs Python. `dev`: see proc_dev(). */
int loader_python_file(struct loader *l, uint64_t inode, uint32_t dev,
		       const struct tare_python_file *file);

/* Which tasks to attach to: those of processes added by loader_target(), children of followed
 * tasks that started after since_ns and, with `all`, of all user processes but `except`. `held`:
 * they wait before execve(), with a copy of tare's own memory. loader_attach_tasks() returns the
 * number of tasks, or negative errno. */
struct attach_request {
	bool all, held;
	pid_t except;
	uint64_t since_ns;
};
int loader_target(struct loader *l, pid_t tgid);
int loader_attach_tasks(struct loader *l, const struct attach_request *what);
/* On before, off after tare attaches to running tasks. Meanwhile an update by a task that is not
 * attached to yet counts as an update by another process, and not as lost. */
void loader_attaching(struct loader *l, bool on);

/* One sweep over all followed tasks that live: `fn` gets buffers of whole records. Returns 0 or
 * negative errno. */
int loader_sweep(struct loader *l, loader_record_fn fn, void *ctx);

/* Pass to `fn`, for each process, the sums of its tasks and address spaces whose final records were
 * lost. Process 0 stands for all that found no room in the map. Returns 0 or negative errno. */
int loader_ended(struct loader *l, void (*fn)(void *ctx, uint64_t proc, const struct tare_ended *e),
		 void *ctx);

/* State of the workload now. */
void loader_workload(const struct loader *l, struct tare_workload *w);
/* What its address spaces hold now. Returns 0 or negative errno. */
int loader_held(struct loader *l, struct tare_held *held);
/* Can the programs sum up the kernel's own counters? */
bool loader_sums_valid(const struct loader *l);

/* Watch the kernel memory of a control group and those below it. `own`: it holds the workload only;
 * `counted`: it is of v1. Call this before loader_attach_tasks(). */
void loader_watch(struct loader *l, uint64_t id, bool own, bool counted);
/* The task that was found so far to run without tracepoints. False: tare does not look for one. */
bool loader_hidden(const struct loader *l, struct tare_hidden *h);
/* Tell the programs about pages of the workload's weight that only user space knows. `more` is
 * added; `polled` and `drift` (struct tare_workload) replace their last values. */
void loader_weigh(struct loader *l, int64_t more, int64_t polled, int64_t drift);

/* With `freeze`: what was held at the last kill has been read; the next kill may be noted. */
void loader_thaw(struct loader *l);

/* Cost of the programs: runs and run time (ns) of the ledger's program, 0 without `stats`; and
 * memory of all maps. */
struct loader_cost {
	uint64_t updates, ns, map_bytes;
};
int loader_cost(const struct loader *l, struct loader_cost *cost);

#endif
