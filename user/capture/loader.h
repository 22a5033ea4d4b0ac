/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The BPF programs: opened, fitted to this kernel, loaded, attached; and the
 * calls that user space makes of them. It must not know what records mean.
 */
#ifndef TARE_LOADER_H
#define TARE_LOADER_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi_python.h"
#include "capture/features.h"

struct loader;

struct loader_config {
	struct features *features; /* what the kernel refuses is off in it from then on */
	enum counter_backend backend;
	bool backend_forced; /* no other will do */
	bool trial;          /* load, and attach nothing */
	bool quiet;          /* what goes wrong is not said */
	bool no_children;
	bool stats; /* let the kernel count runs and time of each program */
	uint32_t max_mms;
	uint64_t ring_bytes; /* rounded up to a power of two pages */
	uint32_t period;     /* bytes of growth a sample; 0: none */
	uint32_t stack;      /* bytes of stack to copy with each, at most */
	uint64_t samples_ring_bytes;
};

/* Load and attach. Tasks are followed only once attached to. 0, or negative errno
 * with the reason said. */
int loader_open(struct loader **l, const struct loader_config *config);
void loader_close(struct loader *l); /* takes NULL */

/* Load every program by each backend that `f` has, attach nothing: what is refused is off in `f`
 * then. 0, or negative errno, said: no backend works. Some tenths of a second. */
int loader_try(struct features *f);

/* Load what `backend` takes, attach nothing: *backend is the one that the kernel takes then. 0, or
 * negative errno, said: none. */
int loader_settle(struct features *f, enum counter_backend *backend);

/* The backend that it came to, and whether samples are taken. */
enum counter_backend loader_backend(const struct loader *l);
bool loader_samples(const struct loader *l);

typedef int (*loader_record_fn)(void *ctx, const void *data, size_t size);

/* Ring of events: a descriptor to poll (readable once the kernel side says that it is time),
 * its size, and the call that hands all records to `fn`, up to the first for which `fn`
 * returns less than 0. loader_drain returns the number of records, or negative errno. */
int loader_ring_open(struct loader *l, loader_record_fn fn, void *ctx);
int loader_ring_fd(const struct loader *l);
uint64_t loader_ring_bytes(const struct loader *l);
int loader_drain(struct loader *l);

/* Likewise for the ring of samples; nothing where there are none (fd -1). */
int loader_samples_open(struct loader *l, loader_record_fn fn, void *ctx);
int loader_samples_fd(const struct loader *l);
uint64_t loader_samples_bytes(const struct loader *l);
int loader_samples_drain(struct loader *l);
/* Tasks that are followed and have not ended. */
uint64_t loader_tasks(const struct loader *l);
void loader_sampling(const struct loader *l, struct tare_sampling *s);
/* This address space runs Python: its samples have Python functions from now on; NULL: it
 * is gone. 0 or negative errno. */
int loader_python(struct loader *l, uint64_t mm, const struct tare_python *python);
/* Who maps the code of this file from now on does. `dev` as the kernel has it. */
int loader_python_file(struct loader *l, uint64_t inode, uint32_t dev,
		       const struct tare_python_file *file);

/* Whom to attach to: `all` user processes but `except`, those whose tgid was added,
 * and children of followed tasks born since since_ns. `held`: they wait before
 * execve in tare's own image. Returns the number of tasks, or negative errno. */
struct attach_request {
	bool all, held;
	pid_t except;
	uint64_t since_ns;
};
int loader_target(struct loader *l, pid_t tgid);
int loader_attach_tasks(struct loader *l, const struct attach_request *what);
/* Around the rounds that attach to tasks while they run: what one does that has not
 * been attached to yet is counted as another process's, and is no loss. */
void loader_attaching(struct loader *l, bool on);

/* One sweep over all followed live tasks: records to `fn`, in pieces of whole
 * records. 0 or negative errno. */
int loader_sweep(struct loader *l, loader_record_fn fn, void *ctx);

/* Hand to `fn` each process's sums of tasks and address spaces whose final records were lost;
 * proc 0: of processes that found no room in the map. 0 or negative errno. */
int loader_ended(struct loader *l, void (*fn)(void *ctx, uint64_t proc, const struct tare_ended *e),
		 void *ctx);

/* State of the workload now. */
void loader_workload(const struct loader *l, struct tare_workload *w);
/* What its address spaces hold now. 0 or negative errno. */
int loader_held(struct loader *l, struct tare_held *held);
/* Whether the kernel's counters have a shape that can be summed. */
bool loader_sums_valid(const struct loader *l);

/* Watch the kernel memory of a control group, and of those below it; `own`: only
 * the workload is in it; `counted`: it is of version 1. Before any task is attached to. */
void loader_watch(struct loader *l, uint64_t id, bool own, bool counted);
/* Who was found to run without events so far. False: nobody is looked for. */
bool loader_hidden(const struct loader *l, struct tare_hidden *h);
/* Pages of the workload's weight that user space knows of: `more` on top of what
 * there is, `polled` and `drift` (see struct tare_workload) in the place of the last. */
void loader_weigh(struct loader *l, int64_t more, int64_t polled, int64_t drift);

/* What the programs cost: runs and ns of the ledger's program (0 unless `stats`),
 * and the memory of all maps. */
struct loader_cost {
	uint64_t updates, ns, map_bytes;
};
int loader_cost(const struct loader *l, struct loader_cost *cost);

#endif
