/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The parts of guest_check: the figures of /proc (check_proc.c), and the comparison of a report
 * with them and with the program's own statements (check_report.c).
 */
#ifndef CHECK_H
#define CHECK_H

#include <glib.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdbool.h>
#include <sys/types.h>

/* What /proc says of one process, in bytes. */
struct weight {
	pid_t pid;
	int64_t rss, anon, pagetable;
};

/* struct weight of each process below `root` that has memory; of `too` as well. */
GArray *weigh_all(pid_t root, pid_t too);
bool same_weights(const GArray *a, const GArray *b);

/* The number after `key` in "Key: N kB" lines, in bytes; -1 without. */
int64_t kib_of(const char *text, const char *key);

/* What the program has said so far. */
struct word {
	GArray *facts;      /* struct fact */
	GHashTable *shares; /* pid -> pid: the second lives in the memory of the first */
};

struct word *word_new(void);
/* Takes a line, split at spaces; lines that say nothing of memory are let go. */
void word_learn(struct word *w, char **words);

/* Says what is wrong, and counts it in `wrongs`. */
extern int wrongs;
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* What must hold in every report; at a checkpoint also /proc and the word. */
void check_books(const json_t *report);
void check_weights(const json_t *report, const GArray *weights, const struct word *w);
void check_facts(const json_t *report, const struct word *w);
/* Stacks were taken, and of what was mapped `bytes` or more have never been touched. False:
 * that is not measured, for a reason (up to 6.1 most addresses are not known). */
bool check_untouched(const json_t *report, int64_t bytes);
/* Kernel memory is reported at this level, and as the workload's alone, in a control
 * group of its own that is charged `bytes` or more. The cgroup's kernel memory may
 * lag behind on v2, where statistics are flushed by batches; the charge does not. */
void check_kmem(const json_t *report, const char *level, int64_t bytes);

#endif
