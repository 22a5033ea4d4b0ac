/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What Prometheus and its relatives read: the text format 0.0.4 and OpenMetrics 1.0. tare-metrics(5)
 * has a table of all metrics; tests compare it with what is printed.
 *
 * Labels are bounded: control groups, containers and names of processes, never a pid, a tid, an
 * argument or another path.
 */
#ifndef TARE_METRICS_H
#define TARE_METRICS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "model/groups.h"

enum metrics_format { METRICS_TEXT, METRICS_OPENMETRICS, METRICS_FORMATS };
extern const char *const metrics_type[METRICS_FORMATS]; /* Content-Type */

/* Which format a client wants, by its header Accept ("": not given). */
enum metrics_format metrics_choose(const char *accept);
/* Does the header Accept-Encoding ask for gzip? */
bool metrics_wants_gzip(const char *accept_encoding);

/* What tare itself takes, and how it fares. */
struct metrics_self {
	const char *version, *backend;
	int64_t started_epoch; /* seconds */
	uint64_t cpu_ns;
	int64_t rss, maps; /* bytes; of the BPF maps, 0: not known */
	uint64_t ticks, late, tick_ns;
	uint64_t lost[TARE_LOSSES];
	uint64_t audits; /* times that the books were compared */
	bool balanced;   /* … the last time */
	int64_t off_bytes;
	uint64_t requests, refused;
	uint64_t reloads, reloads_failed, thinned;
	struct groups_limits limits;
};

struct metrics_input {
	const struct groups *groups;
	const struct live_total *total;
	const struct metrics_self *self;
	const char *kmem_why;         /* why kernel memory is not known by process; NULL: it is */
	const char *group_kernel_why; /* … by control group */
	char *(*cause_name)(uint32_t id);
};

void metrics_render(GString *out, const struct metrics_input *in, enum metrics_format format);

#endif
