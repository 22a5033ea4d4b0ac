/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A workload made ready: what it needs is there, it is built, its version known,
 * its command filled in. It must not know how it is weighed.
 */
#ifndef TARE_BUILD_H
#define TARE_BUILD_H

#include "bench/catalogue.h"
#include "capture/launch.h"

struct builder {
	const struct catalogue *catalogue;
	char *out;                      /* folder of what is built, absolute */
	char *runtimes;                 /* tools/runtimes; NULL: not there */
	const struct launch_user *user; /* who builds and runs what runs on this machine itself */
	GHashTable *missing; /* id → why it cannot run and the way out; not in it: it can */
};

/* Look what is there. `out` NULL: build/workloads of the source tree, else
 * /var/cache/tare/workloads. 0, or negative errno, said. */
int builder_open(struct builder *b, const struct catalogue *c, const char *out,
		 const struct launch_user *user);
void builder_close(struct builder *b);

/* Why this workload cannot run here, and the way out; NULL: it can. */
const char *builder_missing(const struct builder *b, const struct workload *w);

/* Build it if its source, or how it is built, has changed. NULL, or the reason why
 * not. Free with g_free(). */
char *builder_make(const struct builder *b, const struct workload *w);
/* One line; NULL: it printed none. */
char *builder_version(const struct builder *b, const struct workload *w);

/* The command for {n}, {seconds} …: `values` as for catalogue_fill(), {out} and
 * {src} are added, and `more` (NULL-ended) at its end. Free with g_strfreev(). */
char **builder_command(const struct builder *b, const struct workload *w, const char *const *values,
		       const char *const *more);
/* Who runs it: what runs in the other root enters it as root, and is made the user there. */
const struct launch_user *builder_runs_as(const struct builder *b, const struct workload *w);

/* The other end for workloads that connect: a process that prints where it listens.
 * 0 and `address` ("127.0.0.1:PORT", free with g_free()), or negative errno, said. */
int builder_peer_start(const struct builder *b, pid_t *pid, char **address);
void builder_peer_end(pid_t pid);

#endif
