/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Parts of the JSON report. Inside output/ only.
 */
#ifndef TARE_JSON_H
#define TARE_JSON_H

#include <jansson.h>

#include "output/output.h"

void json_set_int(json_t *object, const char *key, int64_t value);
/* Null where it is not known. */
void json_set_known(json_t *object, const char *key, int64_t value, bool known);
/* Null for NULL; bytes that are not UTF-8 become U+FFFD. */
json_t *json_text(const char *s);
void json_set_string(json_t *object, const char *key, const char *s);
json_t *json_flow(struct flow f, bool known);

/* The value on one line; takes it. */
void json_emit(GString *out, json_t *value);
/* The same after the comma, newline and key of a member that is not the first. */
void json_emit_field(GString *out, const char *key, json_t *value);

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

#endif
