/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/self.h"

#include <glib.h>
#include <math.h>
#include <string.h>
#include <sys/resource.h>

#define NS 1000000000ULL

void self_fill(const struct loader *l, struct report_self *self)
{
	g_autofree char *text = NULL;
	struct loader_cost cost;
	struct rusage usage;
	const char *hwm;

	getrusage(RUSAGE_SELF, &usage);
	self->cpu_ns = (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * NS +
		       (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) * 1000ULL;
	if (g_file_get_contents("/proc/self/status", &text, NULL, NULL)) {
		hwm = strstr(text, "VmHWM:");
		if (hwm)
			self->rss = g_ascii_strtoull(hwm + strlen("VmHWM:"), NULL, 10) * 1024;
	}
	if (loader_cost(l, &cost))
		return;
	self->map_bytes = cost.map_bytes;
	self->updates = cost.updates;
	/* In picoseconds, as recordings store it. */
	self->ns_per_update =
		cost.updates ? round((double)cost.ns * 1000 / (double)cost.updates) / 1000 : -1;
	self->valid = true;
}
