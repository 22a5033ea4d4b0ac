/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of subcommands as a table: parsed by getopt, with help, and with what is
 * said of those that are wrong. It must not know what they mean.
 */
#ifndef TARE_OPTSPEC_H
#define TARE_OPTSPEC_H

#include <stdint.h>

struct optspec {
	const char *name;
	int id;          /* a letter: also the short option; else 256 or more */
	const char *arg; /* NULL: takes none */
	unsigned who;    /* a bit for each subcommand that has it */
	const char *help;
};

/* An option was given; `value` as getopt's optarg. 0, or -EINVAL, said. */
typedef int (*optspec_fn)(void *ctx, int id, const char *value);

struct optspecs {
	const struct optspec *specs; /* with "help", 'h' among them */
	unsigned n, who;             /* who: of these, the subcommand's bit */
	const char *usage, *more;    /* of the help: what stands above and below the options */
	const char *stop;            /* "+": at the first argument, which is a command's; else "" */
	optspec_fn take;
	void *ctx;
};

/* 0, and optind is at the arguments; 1: help was asked for and printed; -EINVAL, said. */
int optspec_parse(const struct optspecs *o, int argc, char **argv);

/* "--NAME VALUE: not WANT". -EINVAL. */
int optspec_bad(const char *name, const char *value, const char *want);
/* A size (64MiB) of a page to `most` bytes. 0, or -EINVAL, said. */
int optspec_size(const char *name, const char *value, uint64_t most, uint64_t *bytes);

/* "unknown option --foo", and the nearest of those there are. */
void optspec_suggest(const char *what, const char *word, const char *const *candidates);

#endif
