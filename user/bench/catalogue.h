/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The catalogue of workloads, tools/workloads/catalogue.json (its README tells the
 * format). It must not know what is installed, nor run anything.
 */
#ifndef TARE_CATALOGUE_H
#define TARE_CATALOGUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct workload {
	char *id, *title, *language, *family, *task, *root;
	char *source;         /* folder that holds its program, absolute */
	char *build;          /* for sh; "" when there is nothing to build */
	char **run;           /* with {out}, {src}, {n}, {seconds}, {peer} */
	char **env;           /* NAME=VALUE */
	char *version;        /* for sh: prints the version of its runtime */
	char *limits;         /* what is known to stop it; NULL: nothing */
	uint64_t max;         /* the largest N that makes sense */
	bool stackful;        /* takes --touch */
	bool after;           /* takes --after */
	GPtrArray *published; /* struct bench_published *; empty: nobody did */
};

struct catalogue {
	char *path, *folder;  /* absolute */
	GPtrArray *workloads; /* struct workload * */
};

/* 0, or negative errno with file, line and reason said. */
int catalogue_load(struct catalogue **c, const char *path);
/* The same of a text, ended by a NUL that `len` does not count, of the file at this
 * absolute path. */
int catalogue_parse(struct catalogue **c, const char *path, const char *text, size_t len);
void catalogue_free(struct catalogue *c); /* takes NULL */

/* That of the source tree or the installation that this program is from, else of
 * the source tree that is the current folder. NULL: neither. Free with g_free(). */
char *catalogue_default(void);

/* Those asked for: ids, or patterns with * and ?, or languages or families, between
 * commas; NULL: all. Pointers into `c`. NULL: one that matches nothing, said with
 * the nearest. */
GPtrArray *catalogue_select(const struct catalogue *c, const char *list);

/* `text` with {out} … replaced; what is not in `values` (name, value, … NULL) stays. */
char *catalogue_fill(const char *text, const char *const *values);

#endif
