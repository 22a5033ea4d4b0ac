/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the catalogue of workloads, tools/workloads/catalogue.json; the README there describes its
 * format. It must not know what is installed, nor run anything.
 */
#ifndef TARE_CATALOGUE_H
#define TARE_CATALOGUE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct workload {
	char *id, *title, *language, *family, *task, *root;
	char *source;         /* directory of its program, absolute */
	char *build;          /* for sh; "": nothing to build */
	char **run;           /* with {out}, {src}, {n}, {seconds}, {peer} */
	char **env;           /* NAME=VALUE */
	char *version;        /* for sh: prints the version of its runtime */
	char *limits;         /* limits that are known to stop it; NULL: none */
	uint64_t max;         /* the largest N that makes sense */
	bool stackful;        /* takes --touch */
	bool after;           /* takes --after */
	bool silent;          /* prints no `ready N`, ends by itself: weighed at its peak */
	char *twin;           /* id of the same program on an older runtime; NULL: none */
	GPtrArray *published; /* struct bench_published *: figures by others; may be empty */
};

struct catalogue {
	char *path, *folder;  /* absolute */
	GPtrArray *workloads; /* struct workload * */
};

/* Returns 0, or negative errno, logged with file, line and reason. */
int catalogue_load(struct catalogue **c, const char *path);
/* The same for a text of `len` bytes, followed by a NUL, from the file at this absolute path. */
int catalogue_parse(struct catalogue **c, const char *path, const char *text, size_t len);
void catalogue_free(struct catalogue *c); /* takes NULL */

/* Path of the default catalogue: of the source tree or installation that this program is from, else
 * of the source tree in the current directory. NULL: neither exists. Free with g_free(). */
char *catalogue_default(void);

/* The workloads that `list` names: ids, patterns with * and ?, languages and families, separated
 * by commas; `list` NULL: all. The array has pointers into `c`. Returns NULL if a word matches
 * nothing; that is logged, with the most similar name. */
GPtrArray *catalogue_select(const struct catalogue *c, const char *list);

/* Replace {name} in `text` by its value in `values` (name, value, … NULL). Other names are left as
 * they are. */
char *catalogue_fill(const char *text, const char *const *values);

#endif
