/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Sums over a report that more than one printer wants. Pure.
 */
#ifndef TARE_VIEW_H
#define TARE_VIEW_H

#include "model/report.h"

/* False where the report has a feature of this name whose state is "not
 * measured" or "off": its figures are unknown then, not 0. */
bool view_measured(const struct report *r, const char *feature);

/* RSS: anon + file + shmem. */
struct flow view_rss(const struct flow flow[TARE_KINDS]);
struct balance view_rss_balance(const struct balance balance[TARE_KINDS]);

void view_add(struct flow *sum, struct flow f);

/* "SIGKILL"; "signal 99" for one without a name. Free with g_free(). */
char *view_signal(int signal);

#endif
