/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Memory by stack and labels, for programs that read it again and again: bytes held now, and bytes
 * grown since the start, which only ever rise. Pure. It must not know pprof, nor who asks.
 *
 * A key is a stack, by the names of its functions, with labels. It keeps its growth whatever
 * becomes of the aggregates and processes that it came from. Growth is the bytes of samples, not
 * scaled: a scaled sum can fall. `other` is what the ledger has more than all keys; it only rises
 * too, so the sum over all is never below the ledger's, and above it by no more than `other`.
 *
 * Bounded: beyond SUMS_MOST keys, those that hold and grew least lately are removed, and are part
 * of `other`. If such a key comes back, it goes on from where it was, unless SUMS_GONE others were
 * removed since. Beyond SUMS_LABELED sets of labels, new ones have no names of processes.
 */
#ifndef TARE_STACK_SUMS_H
#define TARE_STACK_SUMS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/profile.h"

#define SUMS_MOST 15000
#define SUMS_GONE 32768
#define SUMS_LABELED 1000
#define SUMS_DEPTH 1000 /* functions of a stack; of a deeper one the innermost */

enum sums_label {
	SUMS_COMM,      /* name of the process */
	SUMS_THREAD,    /* name of the thread, with its numbers as "*" */
	SUMS_CONTAINER, /* and so on: what the process belongs to */
	SUMS_POD,
	SUMS_UNIT,
	SUMS_KIND, /* of kernel memory */
	SUMS_LABELS,
};
extern const char *const sums_label_name[SUMS_LABELS]; /* "comm", "thread" … */

struct stack_sums;

/* `kernel`: of kernel memory; else of user memory that is resident. `most`: keys, SUMS_MOST unless
 * a test says less. */
struct stack_sums *stack_sums_new(bool kernel, unsigned most);
void stack_sums_free(struct stack_sums *s); /* takes NULL */

/* What a process belongs to. Each may be NULL: not known. `path`: its control group. The texts are
 * copied. */
struct sums_group {
	const char *container, *pod, *unit, *path;
};
typedef void (*sums_group_fn)(void *ctx, const struct report_process *p, struct sums_group *g);

/* Take a report whose profile has names and `fresh`. Every `fresh` is taken once. */
void stack_sums_take(struct stack_sums *s, const struct report *r, sums_group_fn group, void *ctx);
/* Remove a quarter of the keys. */
void stack_sums_shrink(struct stack_sums *s);

/* The state at one time, to get what came after it. It is kept up to date until it is freed. */
struct sums_mark;
struct sums_mark *stack_sums_mark(struct stack_sums *s);
void stack_sums_unmark(struct stack_sums *s, struct sums_mark *m); /* takes NULL */

/* Which keys. Each may be NULL: all. */
struct sums_query {
	const char *comm;
	/* Path of a control group: it and all below it; or the name of a container, pod or unit. */
	const char *cgroup;
	/* Only what was added since. `held`: 0 where less is held than then. */
	const struct sums_mark *since;
};

struct sums_row {
	uint32_t node, who;
	uint64_t grown, held; /* bytes; not both 0 */
};

/* The rows of a query: no two have the same stack and labels. `other` is the last one, without
 * labels; it is there unless keys were selected. Free the array; its numbers are valid until the
 * next take or shrink. */
GArray *stack_sums_rows(struct stack_sums *s, const struct sums_query *q);

/* One function of a stack. */
struct sums_function {
	uint32_t name, file, module; /* numbers of texts; module: the last part of its path */
};
#define SUMS_NO_TEXT 0 /* the text "" */
/* The functions of a row's stack: struct sums_function numbers (uint32_t), innermost first. */
void stack_sums_stack(const struct stack_sums *s, uint32_t node, GArray *functions);
const struct sums_function *stack_sums_function(const struct stack_sums *s, uint32_t number);
/* A number that stays the same for a function of this name and module, in all runs; never 0. */
uint64_t stack_sums_address(const struct stack_sums *s, uint32_t number);
/* A text is valid UTF-8 and printable. */
const char *stack_sums_text(const struct stack_sums *s, uint32_t number);
uint32_t stack_sums_label(const struct stack_sums *s, uint32_t who, enum sums_label label);
/* The number of keys, and of sets of labels. */
unsigned stack_sums_count(const struct stack_sums *s);
unsigned stack_sums_labels(const struct stack_sums *s);

#endif
