/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The members of the JSON report. Each file makes those of its subject. Inside output/json
 * only.
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
/* Parts of the books, for the workload or for one process. */
json_t *json_balance(const struct balance *b, bool known);
json_t *json_nonowner_causes(const struct flow causes[TARE_NONOWNERS]);
json_t *json_unattributed(const struct report *r, const struct balance balances[TARE_KINDS],
			  bool workload);

/* By kind: "at_peak" of a task or process, and "weight", which is held now. */
json_t *json_at_peak(const struct report *r, const int64_t kind[TARE_KINDS]);
json_t *json_weight(const int64_t kind[TARE_KINDS]);

struct incident;
/* The member "incident". */
json_t *json_incident(const struct incident *i);

/* The members "cgroup", "kmem", "weight" and "slabs" of the report. */
json_t *json_cgroup(const struct report_cgroup *c);
json_t *json_kmem(const struct report *r);
json_t *json_workload_weight(const struct report *r);
json_t *json_slabs(const struct report *r);
/* Append a comma and the member "profile". */
void json_emit_profile(GString *out, const struct profile *p);

/* Append a comma and the member "processes". */
void json_emit_processes(GString *out, const struct report *r);

json_t *json_samples(const struct profile *p);

#endif
