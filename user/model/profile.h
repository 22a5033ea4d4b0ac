/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where memory grew: the samples as printers get them, symbols resolved, and sums
 * scaled to the ledger's. Plain data.
 *
 * A stack is a way down a tree of nodes, from NO_NODE at the outermost frame. An
 * entry is the memory of one stack, task, kind, cause and mapping in three sample types:
 * what grew; what of it lived when the workload's weight was at its peak; what lives
 * at the end. Over all entries of a task and kind `grown` adds up to what the ledger
 * counted for it as come in; over those of a process and kind `live_peak` and
 * `live_end` add up to what it held then, so far as that is not negative.
 */
#ifndef TARE_PROFILE_H
#define TARE_PROFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"
#include "model/samples.h"

/* Entries have the first SAMPLE_TYPES; the others are those of address space. */
enum sample_type {
	SAMPLE_TYPE_GROWN,
	SAMPLE_TYPE_LIVE_PEAK,
	SAMPLE_TYPE_LIVE_END,
	SAMPLE_TYPES,
	SAMPLE_TYPE_VIRTUAL = SAMPLE_TYPES,
	SAMPLE_TYPE_UNTOUCHED,
	SAMPLE_TYPES_ALL,
};
/* "grown", "live-peak", "live-end", "virtual", "untouched" */
extern const char *const sample_type_name[SAMPLE_TYPES_ALL];
extern const char *const mapping_name[MAPPINGS]; /* "heap", "stack" … */

#define NO_MODULE UINT32_MAX
#define NO_CAUSE UINT32_MAX

struct profile_module {
	char *path;     /* or "[kernel]", "[vdso]", "[jit]", "[python]" */
	char *build_id; /* hexadecimal; NULL: none, or it could not be read */
};

/* What is made of a frame when a report is shown (model/frame_rules.h). */
enum frame_fold { FOLD_NOT, FOLD_IN, FOLD_BEGIN, FOLD_NAMELESS };

struct profile_frame {
	char *function; /* never NULL: "[libc.so.6+0x1234]" where no name is known */
	char *file;     /* source; NULL: not known */
	int line;
	uint32_t module;  /* index in profile->modules, or NO_MODULE: synthetic */
	uint64_t address; /* in the module's own terms */
	bool kernel, inlined, fallback, synthetic;
	/* FOLD_IN: in whoever called it; FOLD_BEGIN: it begins a thread; FOLD_NAMELESS: in a
	 * caller of the same file that has a name, if there is one. */
	enum frame_fold fold;
	char *via; /* what it says of that; NULL: nothing */
};

struct profile_entry {
	uint32_t process; /* index in report->processes */
	uint32_t task;    /* index in its tasks; UINT32_MAX: none in particular */
	uint32_t kind;
	uint32_t cause;     /* index in profile->causes; NO_CAUSE: what no sample met */
	uint32_t node;      /* innermost; NO_NODE: there is no stack */
	uint32_t aggregate; /* number of the samples' sum; UINT32_MAX: synthetic */
	enum mapping_kind mapping;
	char *mapping_label; /* "heap", "[anon:name]", "stack of worker", a path; not NULL */
	uint64_t count;      /* samples; 0: what no sample met */
	int64_t bytes[SAMPLE_TYPES];
};

/* Address space that a stack mapped by mmap, brk or mremap, sampled likewise. It
 * costs nothing until it is touched. */
struct profile_virtual {
	uint32_t process, task, cause, node; /* as in an entry */
	char *mapping_label;
	uint64_t count;
	int64_t bytes;     /* mapped */
	int64_t untouched; /* of it, still mapped at the end and not in memory then, as far as the
			      samples tell */
};

/* What an entry did within one slot of time. Bytes as sampled, not scaled: an entry's
 * `in` over all slots stands for its bytes[SAMPLE_TYPE_GROWN]. What moved neither in nor
 * out, as synthetic frames, has none. */
struct profile_tick {
	uint32_t slot, entry;
	uint64_t in, out;
};

struct profile_loss {
	uint64_t samples, bytes, vma_changes;
};

/* Samples that came while user space lagged behind, so that the period was longer for a
 * while. `left`: that were not taken for that reason; those that were stand for them. */
struct profile_thinned {
	uint64_t samples, bytes, left;
	uint64_t from_ns, to_ns; /* of the report's time; first and last */
};

struct profile {
	uint64_t period;
	uint64_t mean_period; /* by which errors are judged: mean over all bytes; 0: `period` */
	struct profile_thinned thinned[TARE_THIN_LEVELS]; /* period << (i + 1) */
	uint64_t samples, complete, truncated, fallback, no_stack, no_address;
	struct profile_loss lost;
	GArray *frames;             /* struct profile_frame */
	GArray *nodes;              /* struct stack_node; frame is an index in frames */
	GArray *modules;            /* struct profile_module */
	GPtrArray *causes;          /* char *: "page fault", "brk", "read" … */
	GArray *entries;            /* struct profile_entry */
	GArray *virtual;            /* struct profile_virtual; empty where virtual_why says why */
	char *virtual_why;          /* NULL: measured; else why it is not */
	char *untouched_why;        /* the same of what of it is untouched */
	GArray *ticks;              /* struct profile_tick, by slot, then entry */
	uint64_t start_ns, slot_ns; /* slot i begins so long after the command's start */
	/* What the samples alone said, before scaling, and what the ledger says. */
	double sampled[SAMPLE_TYPES];
	int64_t total[SAMPLE_TYPES];
};

struct profile *profile_new(void);
GArray *profile_frames_new(void);  /* with names owned */
GArray *profile_entries_new(void); /* likewise */
GArray *profile_modules_new(void);
GArray *profile_virtual_new(void);
void profile_free(struct profile *p); /* takes NULL */

/* Fill entries from samples, which are settled first, scaled to the report's totals. Frames
 * keep the numbers that they have in `samples`; the caller names them. `cause_name` as in
 * books_input. */
void profile_fill(struct profile *p, struct samples *s, const struct report *r, uint64_t peak_seq,
		  uint64_t origin_ns, char *(*cause_name)(uint32_t id));

/* The number of a module, added when it is new; `build_id` may be NULL. */
uint32_t profile_module(struct profile *p, const char *path, const char *build_id);
/* Its path; NULL for NO_MODULE. */
const char *profile_module_path(const struct profile *p, uint32_t module);

/* The number of a cause, added when it is new. */
uint32_t profile_cause(struct profile *p, const char *name);
/* Its name; NULL for NO_CAUSE. */
const char *profile_cause_name(const struct profile *p, uint32_t cause);

/* Frames (uint32_t, indices in profile->frames) of the stack that ends at `node`, the
 * innermost first, in place of what `frames` held. */
void profile_stack(const struct profile *p, uint32_t node, GArray *frames);

/* Bytes, about, of all stacks written out one by one, each with whose it is and its names.
 * Frames and names are kept once and may be met any number of times, so that a little file
 * can stand for more than fits anywhere. Every way up must end. */
uint64_t profile_written(const struct report *r);

/* How many of all sample types are measured: the first so many. */
unsigned profile_sample_types(const struct profile *p);

/* What was taken at longer periods, added up. False: nothing was. */
bool profile_thinning(const struct profile *p, struct profile_thinned *sum);

/* Standard error of a sum of `bytes`: each period's byte is drawn apart from the
 * others, so the number of hits has at most the variance of its mean. */
double profile_error(const struct profile *p, int64_t bytes);

#endif
