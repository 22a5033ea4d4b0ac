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

/* The figures of one process in /proc, in bytes. */
struct weight {
	pid_t pid;
	int64_t rss, anon, pagetable;
};

/* A struct weight for each process below `root` that has memory, and for `too`. */
GArray *weigh_all(pid_t root, pid_t too);
bool same_weights(const GArray *a, const GArray *b);

/* The number after `key` in lines "Key: N kB", in bytes; -1 if it is missing. */
int64_t kib_of(const char *text, const char *key);

/* The program's statements so far. */
struct word {
	GArray *facts;      /* struct fact */
	GHashTable *shares; /* pid -> pid: the second process lives in the first one's memory */
};

struct word *word_new(void);
/* Parses a line, split at spaces; lines about other things are ignored. */
void word_learn(struct word *w, char **words);

/* Prints an error and counts it in `wrongs`. */
extern int wrongs;
void wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/* Checks what must hold in every report; at a checkpoint also /proc and the program's
 * statements. */
void check_books(const json_t *report);
void check_weights(const json_t *report, const GArray *weights, const struct word *w);
void check_facts(const json_t *report, const struct word *w);
/* Checks that stacks were taken and that at least `bytes` of the mapped memory are untouched.
 * False: not measured, for a valid reason (up to 6.1 most addresses are unknown). */
bool check_untouched(const json_t *report, int64_t bytes);
/* Checks that kernel memory is reported at this level, for the workload alone, in a control
 * group of its own that is charged `bytes` or more. On v2 the cgroup's kernel memory may lag
 * behind, since statistics are flushed in batches; the charge does not. */
void check_kmem(const json_t *report, const char *level, int64_t bytes);

#endif
