/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Where memory grew: the samples as output formats get them, with names of functions, and with
 * sums scaled to the ledger's. Plain data.
 *
 * A stack is a path in a tree of nodes; the parent of the outermost frame's node is NO_NODE. An
 * entry is the memory of one stack, task, kind, cause and mapping, in three sample types:
 * memory that grew; the part of it that was live when the workload's weight was at its peak;
 * the part that is live at the end. Over all entries of a task and kind, `grown` adds up to the
 * ledger's `in`. Over all entries of a process and kind, `live_peak` and `live_end` add up to what
 * the process held then, unless that is negative. No entry holds more than it grew, except those
 * for memory that no task grew: profile_ungrown().
 */
#ifndef TARE_PROFILE_H
#define TARE_PROFILE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/report.h"
#include "model/samples.h"

/* Entries have the first SAMPLE_TYPES types; the others are for mapped address space. */
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
	uint64_t address; /* as in the module's file */
	bool kernel, inlined, fallback, synthetic;
	/* FOLD_IN: in whoever called it; FOLD_BEGIN: it begins a thread; FOLD_NAMELESS: in a
	 * caller of the same file that has a name, if there is one. */
	enum frame_fold fold;
	char *via; /* what it says of that; NULL: nothing */
};

struct profile_entry {
	uint32_t process; /* index in report->processes */
	uint32_t task;    /* index in its tasks; UINT32_MAX: of none, see profile_ungrown() */
	uint32_t kind;
	uint32_t cause;     /* index in profile->causes; NO_CAUSE: memory without a sample */
	uint32_t node;      /* innermost; NO_NODE: there is no stack */
	uint32_t aggregate; /* number of the aggregate of samples; UINT32_MAX: synthetic */
	enum mapping_kind mapping;
	char *mapping_label; /* "heap", "[anon:name]", "stack of worker", a path; not NULL */
	uint64_t count;      /* samples; 0: memory without a sample */
	uint64_t fresh;      /* bytes of samples since samples_told(), not scaled */
	int64_t bytes[SAMPLE_TYPES];
};

/* Address space that a stack mapped with mmap, brk or mremap; sampled too. It takes no memory
 * until it is touched. */
struct profile_virtual {
	uint32_t process, task, cause, node; /* as in an entry */
	char *mapping_label;
	uint64_t count;
	int64_t bytes; /* mapped */
	/* Of `bytes`: mapped and not in memory at the report, or at the end of its process;
	 * estimated. */
	int64_t untouched;
};

/* Growth and frees of an entry within one slot of time. Bytes as sampled, not scaled: an entry's
 * `in`, summed over all slots, corresponds to its bytes[SAMPLE_TYPE_GROWN]. Entries with
 * synthetic frames have no ticks. */
struct profile_tick {
	uint32_t slot, entry;
	uint64_t in, out;
};

struct profile_loss {
	uint64_t samples, bytes, vma_changes;
};

/* Samples taken while user space lagged behind, when the period was longer. `left`: samples that
 * were left out because of that; the taken samples stand for them. */
struct profile_thinned {
	uint64_t samples, bytes, left;
	uint64_t from_ns, to_ns; /* time of the first and the last, since the report's start */
};

struct profile {
	uint64_t period;
	uint64_t mean_period; /* to compute errors with: mean over all bytes; 0: `period` */
	struct profile_thinned thinned[TARE_THIN_LEVELS]; /* period << (i + 1) */
	uint64_t samples, complete, truncated, fallback, no_stack, no_address;
	struct profile_loss lost;
	GArray *frames;             /* struct profile_frame */
	GArray *nodes;              /* struct stack_node; frame is an index in frames */
	GArray *modules;            /* struct profile_module */
	GPtrArray *causes;          /* char *: "page fault", "brk", "read" … */
	GArray *entries;            /* struct profile_entry */
	GArray *virtual;            /* struct profile_virtual; empty if virtual_why is set */
	char *virtual_why;          /* NULL: `virtual` is measured; else why not */
	char *untouched_why;        /* the same for its `untouched` */
	GArray *ticks;              /* struct profile_tick, by slot, then entry */
	uint64_t start_ns, slot_ns; /* slot i begins at start_ns + i x slot_ns */
	/* Totals by the samples alone, before scaling, and by the ledger. */
	double sampled[SAMPLE_TYPES];
	int64_t total[SAMPLE_TYPES];
};

struct profile *profile_new(void);
GArray *profile_frames_new(void);  /* owns the names */
GArray *profile_entries_new(void); /* owns the names */
GArray *profile_modules_new(void);
GArray *profile_virtual_new(void);
void profile_free(struct profile *p); /* takes NULL */

/* Settle the samples, and fill the profile's entries from them, scaled to the report's totals.
 * Frames keep their numbers in `samples`; the caller fills in their names. `cause_name`: as in
 * books_input. */
void profile_fill(struct profile *p, struct samples *s, const struct report *r, uint64_t peak_seq,
		  uint64_t origin_ns, char *(*cause_name)(uint32_t id));

/* The number of a module, added when it is new; `build_id` may be NULL. */
uint32_t profile_module(struct profile *p, const char *path, const char *build_id);
/* The path of a module; NULL for NO_MODULE. */
const char *profile_module_path(const struct profile *p, uint32_t module);

/* The number of a cause, added when it is new. */
uint32_t profile_cause(struct profile *p, const char *name);
/* The name of a cause; NULL for NO_CAUSE. */
const char *profile_cause_name(const struct profile *p, uint32_t cause);

/* Replace the content of `frames` by the frames of the stack whose innermost node is `node`
 * (uint32_t, indices in profile->frames), innermost first. */
void profile_stack(const struct profile *p, uint32_t node, GArray *frames);

/* About how many bytes all stacks take when each is written out with its process, task and
 * names. Frames and names are stored once and may be used any number of times, so a small
 * recording can expand to more than fits anywhere. The tree of nodes must have no loops. */
uint64_t profile_written(const struct report *r);

/* Is the entry for memory that no task of the process grew: held before tare came, copied by fork,
 * added by others or left behind? Then it has a synthetic frame, and no growth. */
static inline bool profile_ungrown(const struct profile_entry *e)
{
	return e->task == UINT32_MAX;
}

/* How many sample types are measured: the first of enum sample_type. */
unsigned profile_sample_types(const struct profile *p);

/* The sum over all longer periods. False: no sample was taken at a longer period. */
bool profile_thinning(const struct profile *p, struct profile_thinned *sum);

/* The standard error of a sum of `bytes`. The sampled byte of each period is drawn independently,
 * so the variance of the number of hits is at most their mean. */
double profile_error(const struct profile *p, int64_t bytes);

#endif
