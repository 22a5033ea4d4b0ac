/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prepares a workload: checks that its runtime is installed, builds it, asks for its version, and
 * fills in its command. It must not know how a workload is weighed.
 */
#ifndef TARE_BUILD_H
#define TARE_BUILD_H

#include <signal.h>

#include "bench/catalogue.h"
#include "capture/launch.h"

struct builder {
	const struct catalogue *catalogue;
	char *out;                      /* directory of what is built, absolute */
	char *runtimes;                 /* path of tools/runtimes; NULL: not found */
	const struct launch_user *user; /* builds and runs workloads of this machine's own root */
	const volatile sig_atomic_t *interrupted; /* see shell.h */
	/* id → why it can't run and the remedy; no entry: it can run */
	GHashTable *missing;
};

/* Find out which workloads can run. `out` NULL: build/workloads in a source tree,
 * /var/cache/tare/workloads otherwise. *interrupted ends a build: see shell.h. Returns 0 or
 * negative errno, logged. */
int builder_open(struct builder *b, const struct catalogue *c, const char *out,
		 const struct launch_user *user, const volatile sig_atomic_t *interrupted);
void builder_close(struct builder *b);

/* Why this workload can't run here, and the remedy; NULL: it can. */
const char *builder_missing(const struct builder *b, const struct workload *w);

/* Build it if its source, its build command or the version of its runtime has changed. Returns
 * NULL, or the reason of a failure; free with g_free(). */
char *builder_make(const struct builder *b, const struct workload *w);
/* The version of its runtime, one line; NULL: the command printed none. Free with g_free(). */
char *builder_version(const struct builder *b, const struct workload *w);

/* The command, with {n}, {seconds} … replaced by `values` (as for catalogue_fill()), {out} and
 * {src} by the builder's, and the arguments `more` (NULL-ended) appended. Free with
 * g_strfreev(). */
char **builder_command(const struct builder *b, const struct workload *w, const char *const *values,
		       const char *const *more);
/* The user that the command starts as. A workload in the other root starts as root, enters that
 * root and becomes the user there. */
const struct launch_user *builder_runs_as(const struct builder *b, const struct workload *w);

/* Start the peer, a process that connecting workloads connect to. Returns 0 with its `address`
 * ("127.0.0.1:PORT", free with g_free()), or negative errno, logged. */
int builder_peer_start(const struct builder *b, pid_t *pid, char **address);
void builder_peer_end(pid_t pid);

#endif
