/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Members of the JSON report, each by the file of its subject. Inside output/json only.
 */
#ifndef TARE_JSON_SECTIONS_H
#define TARE_JSON_SECTIONS_H

#include <jansson.h>

#include "output/output.h"

/* The members "books", "lost", "losses" and "totals" of the report. */
json_t *json_books(const struct report *r);
json_t *json_lost(const struct report *r);
json_t *json_losses(const struct report *r);
json_t *json_totals(const struct report *r);
/* Parts of books, also of one process. */
json_t *json_balance(const struct balance *b, bool known);
json_t *json_nonowner_causes(const struct flow causes[TARE_NONOWNERS]);
json_t *json_unattributed(const struct report *r, const struct balance balances[TARE_KINDS],
			  bool workload);

/* "at_peak" of a task or process, and "weight" of what it holds now, by kind. */
json_t *json_at_peak(const struct report *r, const int64_t kind[TARE_KINDS]);
json_t *json_weight(const int64_t kind[TARE_KINDS]);

/* The members "cgroup", "kmem", "weight" and "slabs" of the report. */
json_t *json_cgroup(const struct report_cgroup *c);
json_t *json_kmem(const struct report *r);
json_t *json_workload_weight(const struct report *r);
json_t *json_slabs(const struct report *r);
/* The member "profile", with the comma before it. */
void json_emit_profile(GString *out, const struct profile *p);

/* The member "processes", likewise. */
void json_emit_processes(GString *out, const struct report *r);

json_t *json_samples(const struct profile *p);

#endif
