/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples as they come, summed by task, kind, cause, mapping and stack (an aggregate). A sample
 * whose memory is still allocated (a live sample) is also kept singly until its page is freed.
 * Pure. It must not know how a stack is unwound, nor the names of its frames.
 *
 * Memory is bounded, whatever the workload does (samples_fold.c). An address space is removed
 * with its last record. Aggregates of ended tasks are merged when the process table folds the
 * tasks. Beyond struct samples_limits, the smallest aggregates of a task become one, pairs of
 * live samples become one that stands for the bytes of both, and stacks, names and files
 * that are no longer used are removed. A number (of a node, a frame, an aggregate) is valid until
 * the next samples_add(), samples_virtual() or samples_settle().
 *
 * samples_impl.h states the invariants.
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
	SYNTHETIC_TRUNCATED, /* the stack has outer frames that could not be found */
	SYNTHETIC_NO_STACK,
	SYNTHETIC_EXECVE,    /* the kernel loads a program: there is no user stack */
	SYNTHETIC_NO_SAMPLE, /* memory of the ledger for which there is no sample */
	SYNTHETIC_BEFORE,    /* held before tare came, or copied by fork */
	SYNTHETIC_LEFT,      /* kernel memory that an ended process left; others may free it */
	SYNTHETIC_THINNED,   /* left out of a recording because of its size */
	SYNTHETIC_SMALLER,   /* the smallest stacks, merged */
	SYNTHETIC_OTHERS,    /* held by a process whose tasks did not grow it: by others */
	SYNTHETIC_FRAMES,
};

/* One location in code. For code in a file: the number of the file and the address in the ELF
 * file. For other code: the id of the mm and the address at run time. */
struct frame {
	uint64_t address;
	uint64_t space; /* id of the mm, for code that is in no file; else 0 */
	uint32_t file;  /* or NO_FILE. FRAME_NAMED: a name's number; `address` is its start */
	uint32_t flags;
};

#define NO_NODE UINT32_MAX

/* A stack is a path in a tree, from its innermost node to the root: the parent of a node is
 * its caller. */
struct stack_node {
	uint32_t parent; /* NO_NODE: outermost */
	uint32_t frame;
};

struct sample_file {
	uint64_t inode;
	uint32_t dev;
	char *path;          /* as it was in the process's mount namespace */
	bool deleted, whole; /* whole: no part of the path was cut */
	bool pinned;         /* never forgotten, even if nothing refers to it */
};

/* The most entries of each, within one half; see above. */
struct samples_limits {
	uint32_t aggregates, virtual, nodes, names, files;
	uint64_t live_samples;
};

/* Callbacks; each may be NULL. */
struct samples_watch {
	/* A sample was added to the aggregate with this id. */
	void (*sample)(void *ctx, const struct tare_sample *sample, uint32_t id);
	/* The aggregate's sums were added to another one. */
	void (*folded)(void *ctx, uint32_t id, uint32_t into_id);
	/* Return the name and start of code that is in no file, whose address space is gone; NULL:
	 * not known. */
	const char *(*code_name)(void *ctx, uint64_t mm, uint64_t address, uint64_t *start);
	/* Nodes and frames were renumbered: frame_now[i] is the new number of frame i of `n`;
	 * NO_NODE: it was removed. */
	void (*collected)(void *ctx, const uint32_t *frame_now, uint32_t n);
	/* Nothing refers to this file: its number may be used for another file. */
	void (*file_gone)(void *ctx, uint32_t file);
	void *ctx;
};

#define SAMPLES_GONE 256 /* removed address spaces whose late records are recognised */

struct samples {
	uint64_t page_size;
	GHashTable *spaces;       /* id of mm -> struct space */
	GHashTable *live_samples; /* id of mm -> struct live_samples */
	uint64_t live_count;
	struct intern *frames, *nodes; /* struct frame, stack_node */
	struct aggregates *aggregates, *virtual_aggregates;
	struct samples_watch watch;
	GArray *early;                   /* struct early: samples whose VMA is not reported yet */
	struct virtual *virtual;         /* mapped address space, by virtual_aggregates */
	GPtrArray *names;                /* char *, or NULL: free; number 0 is "" */
	GPtrArray *files;                /* struct sample_file *, or NULL: free */
	GArray *free_names, *free_files; /* uint32_t: numbers */
	GHashTable *name_numbers, *file_numbers;
	struct timeline *timeline; /* of aggregates */
	uint64_t taken, complete, truncated, no_stack, fallback;
	uint64_t mapped;  /* of taken: user memory, which has an address, known or not */
	uint64_t smaller; /* aggregates that became part of SYNTHETIC_SMALLER */
	/* For samples_fold.c. */
	struct samples_limits limit, next; /* next: sizes at which to settle next */
	GHashTable *folds;          /* task -> struct fold, until the next samples_settle() */
	uint64_t random;            /* state of a random number generator */
	uint64_t time_ns, peak_seq; /* of the latest record */
	struct space *nowhere;      /* for records that come after the end of their address space */
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

/* The kind of a mapped file, by its path: shared memory and io_uring have special names. */
enum mapping_kind samples_mapping(const char *path);

/* Take one record. samples_map() returns the number of the file. */
void samples_vma(struct samples *s, const struct tare_vma *r);
uint32_t samples_map(struct samples *s, const struct tare_map *m);
struct space *samples_image(struct samples *s, const struct tare_image *i, uint32_t *exe);

/* Build a stack, from its outermost frame inwards: returns the node of frame `f` whose caller is
 * `node` (NO_NODE for the outermost frame). */
uint32_t samples_push(struct samples *s, uint32_t node, const struct frame *f);
/* Take one sample; `node` is its innermost frame. */
void samples_add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		 uint32_t thread_name);

/* A task ended: end the live samples of its kernel stack, which is freed, and of its other
 * kernel memory, which has no owner now. Call it after all its samples were added. */
void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq);
/* The same for a sample of address space (TARE_SAMPLE_VIRTUAL). */
void samples_virtual(struct samples *s, const struct tare_sample *sample, uint32_t node);
/* For each aggregate of address space, estimate the bytes that are mapped and not in memory, now
 * or, if the address space has ended, at its end: mapped bytes less the live samples in them.
 * `untouched` is an array of aggregates_count(virtual_aggregates). */
void samples_untouched(const struct samples *s, int64_t *untouched);

/* Add the sums of an ended task to those of `into_task` of process `into_proc`; done at
 * samples_settle() at the latest. No more records of the task may come. */
void samples_fold(struct samples *s, uint64_t task, uint64_t into_task, uint64_t into_proc);

/* The same, immediately, for each task for which `row` returns true with the row to fold into. */
typedef bool (*samples_row_fn)(void *ctx, uint64_t task, uint64_t proc, uint64_t *into_task,
			       uint64_t *into_proc);
void samples_fold_into(struct samples *s, samples_row_fn row, void *ctx);

/* Is the number of aggregates near its limit? Aggregates that samples_settle() will fold count
 * too. */
bool samples_full(const struct samples *s);

/* Fold the tasks of samples_fold(), and enforce the limits. */
void samples_settle(struct samples *s);
/* The same, and forget stacks, names and files that nothing refers to. */
void samples_collect(struct samples *s);

/* `alive`: ids of the address spaces that exist now. An address space that is missing in two
 * calls in a row is removed: the record of its end was lost. */
void samples_keep(struct samples *s, GHashTable *alive);

/* From now on, the profile's `fresh` is what grew after this call. */
void samples_told(struct samples *s);

/* For each aggregate, the bytes that are live now, and that were live at peak `peak_seq` (the
 * last one, or TARE_PEAK_NOW): arrays of aggregates_count(aggregates). Call it after
 * samples_settle(). */
void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end);

#endif
