/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The configuration of `tare agent`: lines `key = value`, comments with #. Each key is a row of a
 * table: those of config.c, and those of other subjects (blackbox_keys …), which config.c lists.
 * A line that is not understood is an error with its number; nothing is guessed.
 */
#ifndef TARE_AGENT_CONFIG_H
#define TARE_AGENT_CONFIG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define AGENT_LISTENERS 4 /* at most */

struct blackbox_config; /* of blackbox.c */

struct agent_config {
	GPtrArray *listen;    /* char *: "127.0.0.1:9464", "[::1]:9464" or "unix:PATH" */
	char *token_file;     /* NULL: no token */
	char *token;          /* its content */
	char *log_file;       /* NULL: stderr */
	unsigned groups;      /* top N control groups; the rest is `other` */
	unsigned names;       /* top N process names in each */
	bool argv;            /* arguments of processes may be in answers */
	bool paths;           /* paths of the machine (of programs and libraries) likewise */
	uint64_t memory;      /* bytes of RSS that tare keeps below */
	uint64_t period;      /* bytes of growth per sample; 0: no samples */
	unsigned connections; /* HTTP, at the same time */
	struct blackbox_config *blackbox; /* NULL: no line was about it */
};

/* Take the value of one line; a key may come more than once. NULL, or what the value should be
 * ("a number from 1 to 1000"): free with g_free(). */
typedef char *(*config_take_fn)(struct agent_config *c, const char *value);
struct config_key {
	const char *name; /* NULL: the end of the table */
	config_take_fn take;
};

/* The defaults, then the file (NULL: none). NULL, after a log_error() for each wrong line. */
struct agent_config *agent_config_load(const char *path);
/* The same from text, for tests; `path` is for messages. */
struct agent_config *agent_config_parse(const char *path, const char *text);
/* Look at what only the whole shows: the default address, a token where one is needed; reads the
 * token. Call it after the command line's options were added. Returns 0, or -EINVAL, logged. */
int agent_config_check(struct agent_config *c);
void agent_config_free(struct agent_config *c); /* takes NULL */

#endif
