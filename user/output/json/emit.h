/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The values that JSON is made of, and how they are written. Inside output/ only.
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
json_t *json_strings(const GPtrArray *list);
json_t *json_flow(struct flow f, bool known);
/* Code and signal; both are null while it is not known. */
json_t *json_exit(const struct report_exit *e);

/* The value on one line; takes it. */
void json_emit(GString *out, json_t *value);
/* The same after the comma, newline and key of a member that is not the first. */
void json_emit_field(GString *out, const char *key, json_t *value);

#endif
