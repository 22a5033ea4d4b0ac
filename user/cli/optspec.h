/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A table of a subcommand's options: getopt parsing, --help, and error messages.
 * This file must not know what an option means.
 */
#ifndef TARE_OPTSPEC_H
#define TARE_OPTSPEC_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

struct optspec {
	const char *name;
	int id;          /* below 256: also the short option's letter */
	const char *arg; /* name of the argument; NULL: no argument */
	unsigned who;    /* bit set of the subcommands with this option */
	const char *help;
};

struct complete; /* a command line that a shell completes: cli/complete.h */

/* Called for each option; `value` is getopt's optarg. 0, or -EINVAL with a message. */
typedef int (*optspec_fn)(void *ctx, int id, const char *value);

struct optspecs {
	const struct optspec *specs; /* must contain "help", 'h' */
	unsigned n, who;             /* who: this subcommand's bit */
	const char *usage, *more;    /* help text above and below the options */
	const char *stop; /* "+": options end at the first argument (a command); else "" */
	optspec_fn take;
	void *ctx;
	/* Print the words that option `s` takes as its value, or (NULL) the subcommand as its
	 * argument, by complete_word(). False: they are not known here. NULL: none are. */
	bool (*values)(struct complete *c, const struct optspec *s);
};

/* 0: optind is the first argument; 1: help, or words for a shell, are printed; -EINVAL with a
 * message. */
int optspec_parse(const struct optspecs *o, int argc, char **argv);

/* Print "--NAME VALUE: not WANT". Returns -EINVAL. */
int optspec_bad(const char *name, const char *value, const char *want);
/* Parse a size (64MiB) from one page to `most` bytes. 0, or -EINVAL with a message. */
int optspec_size(const char *name, const char *value, uint64_t most, uint64_t *bytes);

/* Append a list of process ids (12,34) to `pids` (pid_t), which is made if it is NULL. 0, or
 * -EINVAL with a message. */
int optspec_pids(const char *list, GArray **pids);

/* Print "unknown WHAT: WORD" and the most similar candidate. */
void optspec_suggest(const char *what, const char *word, const char *const *candidates);

#endif
