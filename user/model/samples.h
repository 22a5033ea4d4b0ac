/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples as they come, summed by task, kind, cause, mapping and stack, with those
 * whose memory still lives kept one by one until their VMA goes. Pure. It must
 * not know how a stack is unwound, nor what its frames are called.
 *
 * All of it is bounded, however much ends (samples_fold.c): an address space goes with its
 * last record; sums of ended tasks are put together when their owner folds them; beyond
 * struct samples_limits the smallest sums of a task become one, live samples stand for more
 * bytes each, and stacks, names and files that nothing refers to any more go. A number
 * (of a node, a frame, an aggregate) is good until the next samples_add(), _virtual() or _settle().
 */
#ifndef TARE_SAMPLES_H
#define TARE_SAMPLES_H

#include <glib.h>
#include <stdint.h>

#include "base/intern.h"
#include "bpf/abi.h"
#include "model/virtual.h"
#include "model/space.h"
#include "model/aggregate.h"
#include "model/timeline.h"

/* frame.flags */
#define FRAME_KERNEL 1u    /* address is the kernel's */
#define FRAME_SYNTHETIC 2u /* address is an enum frame_synthetic */
#define FRAME_FALLBACK 4u  /* found by frame pointer where nothing says there is one */
#define FRAME_EXACT 8u     /* address of an instruction, not a return address less one */
#define FRAME_NAMED 16u    /* of code in no file: `file` is the number of its name */
#define FRAME_LINE 32u     /* of that, `address` is a line of its source; 0: not known */

/* So begins the name of a Python function, as in the maps that Python writes for perf. */
#define PYTHON_NAME "py::"

enum frame_synthetic {
	SYNTHETIC_TRUNCATED, /* the stack goes on: nobody knows where */
	SYNTHETIC_NO_STACK,
	SYNTHETIC_EXECVE,    /* the kernel loads a program: there is no user stack */
	SYNTHETIC_NO_SAMPLE, /* the ledger has it, and no sample met it */
	SYNTHETIC_BEFORE,    /* held before tare came, or copied by fork */
	SYNTHETIC_LEFT,    /* kernel memory of an ended process that others give back, or nobody */
	SYNTHETIC_THINNED, /* left out of a recording for its size */
	SYNTHETIC_SMALLER, /* stacks too small to be kept apart */
	SYNTHETIC_FRAMES,
};

/* One location in code. In a file: its number and the address as the ELF file has it;
 * elsewhere the process (`space` of the mm) and the address at run time. */
struct frame {
	uint64_t address;
	uint64_t space; /* id of the mm, for code that is in no file; else 0 */
	uint32_t file;  /* or NO_FILE; FRAME_NAMED: see there, and the address is its start */
	uint32_t flags;
};

#define NO_NODE UINT32_MAX

/* A stack is a way down a tree: a node's parent is who called it. */
struct stack_node {
	uint32_t parent; /* NO_NODE: outermost */
	uint32_t frame;
};

struct sample_file {
	uint64_t inode;
	uint32_t dev;
	char *path;          /* as it was in the process's mount namespace */
	bool deleted, whole; /* whole: no part of the path was cut */
	bool pinned;         /* stays, whoever refers to it */
};

/* How many there are at most, give or take half of it; see above. */
struct samples_limits {
	uint32_t aggregates, virtual, nodes, names, files;
	uint64_t live_samples;
};

/* Callbacks; each may be NULL. */
struct samples_watch {
	/* Of each sample, and the id of the aggregate that it went to. */
	void (*sample)(void *ctx, const struct tare_sample *sample, uint32_t id);
	/* Another aggregate has the sums of this one now. */
	void (*folded)(void *ctx, uint32_t id, uint32_t into_id);
	/* The name of code in no file, of an address space that is gone, and its start. */
	const char *(*code_name)(void *ctx, uint64_t mm, uint64_t address, uint64_t *start);
	/* Nodes and frames have other numbers: `frame_now` has those of the `n` that there were;
	 * NO_NODE: it is no more. */
	void (*collected)(void *ctx, const uint32_t *frame_now, uint32_t n);
	/* Nothing refers to this file: its number will be another's. */
	void (*file_gone)(void *ctx, uint32_t file);
	void *ctx;
};

#define SAMPLES_GONE 256 /* address spaces whose late records are known as such */

struct samples {
	uint64_t page_size;
	GHashTable *spaces;       /* id of mm -> struct space */
	GHashTable *live_samples; /* id of mm -> struct live_samples */
	uint64_t live_count;
	struct intern *frames, *nodes; /* struct frame, stack_node */
	struct aggregates *aggregates, *virtual_aggregates;
	struct samples_watch watch;
	GArray *early;                   /* struct early: samples whose VMA is not reported yet */
	struct virtual *virtual;         /* what is mapped of it, by virtual_aggregates */
	GPtrArray *names;                /* char *, or NULL: free; number 0 is "" */
	GPtrArray *files;                /* struct sample_file *, or NULL: free */
	GArray *free_names, *free_files; /* uint32_t: numbers */
	GHashTable *name_numbers, *file_numbers;
	struct timeline *timeline; /* of aggregates */
	uint64_t taken, complete, truncated, no_stack, fallback;
	uint64_t mapped;  /* of taken: memory that has an address, known or not */
	uint64_t smaller; /* aggregates that became part of SYNTHETIC_SMALLER */
	/* samples_fold.c's */
	struct samples_limits limit, next; /* next: when to look again */
	GHashTable *folds; /* task -> struct fold, until the next samples_settle() */
	uint64_t random;
	/* Of the latest record. */
	uint64_t time_ns, peak_seq;
	struct space *nowhere; /* of records that come after their address space's end */
	uint64_t gone[SAMPLES_GONE];
	unsigned gone_next;
};

struct samples *samples_new(uint64_t page_size);
void samples_free(struct samples *s); /* takes NULL */
/* For tests: other limits. */
void samples_limits_set(struct samples *s, const struct samples_limits *limits);

struct space *samples_space(struct samples *s, uint64_t mm); /* made when new */
uint32_t samples_name(struct samples *s, const char *name);
uint32_t samples_file(struct samples *s, const struct tare_file *file);
uint32_t samples_file_named(struct samples *s, uint32_t dev, uint64_t inode, const char *path);

/* What a mapped file is, by its path: shared memory and rings have names of their own. */
enum mapping_kind samples_mapping(const char *path);

/* Take one record. samples_map() returns the number of the file. */
void samples_vma(struct samples *s, const struct tare_vma *r);
uint32_t samples_map(struct samples *s, const struct tare_map *m);
struct space *samples_image(struct samples *s, const struct tare_image *i, uint32_t *exe);

/* Builds a stack from its outermost frame inwards; start with NO_NODE. */
uint32_t samples_push(struct samples *s, uint32_t node, const struct frame *f);
void samples_add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		 uint32_t thread_name);

/* A task's last record: its kernel stack is gone, and its other kernel memory nobody's.
 * After all samples from before. */
void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq);
/* As samples_add(), of one that is TARE_SAMPLE_VIRTUAL. */
void samples_virtual(struct samples *s, const struct tare_sample *sample, uint32_t node);
/* Bytes of each aggregate of address space that are mapped now and have no sample that
 * lives in them; an array of aggregates_count(virtual_aggregates). */
void samples_untouched(const struct samples *s, int64_t *untouched);

/* The sums of a task that ended are those of `into_task` of process `into_proc` from now on,
 * that is: latest from samples_settle() on. No record of the task comes any more. */
void samples_fold(struct samples *s, uint64_t task, uint64_t into_task, uint64_t into_proc);

/* The same, at once, of each task of which `row` knows a row to be folded into. */
typedef bool (*samples_row_fn)(void *ctx, uint64_t task, uint64_t proc, uint64_t *into_task,
			       uint64_t *into_proc);
void samples_fold_into(struct samples *s, samples_row_fn row, void *ctx);

/* Are there about as many aggregates as there may be? Those that wait for samples_settle() to be
 * folded count too. */
bool samples_full(const struct samples *s);

/* Fold what waits for it, and keep the limits. */
void samples_settle(struct samples *s);
/* Besides: forget stacks, names and files that nothing refers to. */
void samples_collect(struct samples *s);

/* Keep address spaces that are in `alive` (by id). One that was missing the last time too is
 * dropped: the record of its end was lost. */
void samples_keep(struct samples *s, GHashTable *alive);

/* Bytes that live now, and that lived at peak `peak_seq` (the last one, or
 * TARE_PEAK_NOW), of each aggregate: arrays of aggregates_count(aggregates). After
 * samples_settle(). */
void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end);

#endif
