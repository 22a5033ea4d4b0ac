/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Helpers to make JSON values and to write them. Inside output/ only.
 */
#ifndef TARE_JSON_H
#define TARE_JSON_H

#include <jansson.h>

#include "output/output.h"

void json_set_int(json_t *object, const char *key, int64_t value);
/* Set `key` to the value, or to null if it is not known. */
void json_set_known(json_t *object, const char *key, int64_t value, bool known);
/* A string; NULL becomes null, bytes that are not UTF-8 become U+FFFD. */
json_t *json_text(const char *s);
void json_set_string(json_t *object, const char *key, const char *s);
json_t *json_strings(const GPtrArray *list);
json_t *json_flow(struct flow f, bool known);
/* Exit code and signal; both are null if the exit is not known. */
json_t *json_exit(const struct report_exit *e);

/* Append the value on one line. Takes ownership of it. */
void json_emit(GString *out, json_t *value);
/* Append a comma, a newline, the key and the value: a member that is not the first. */
void json_emit_field(GString *out, const char *key, json_t *value);

#endif
