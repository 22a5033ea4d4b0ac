/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/json/emit.h"

#include <string.h>

#include "base/text.h"

void json_set_int(json_t *object, const char *key, int64_t value)
{
	json_object_set_new(object, key, json_integer(value));
}

void json_set_known(json_t *object, const char *key, int64_t value, bool known)
{
	json_object_set_new(object, key, known ? json_integer(value) : json_null());
}

json_t *json_text(const char *s)
{
	g_autofree char *valid = NULL;

	if (!s)
		return json_null();
	valid = text_utf8(s, strlen(s));
	return json_string(valid);
}

void json_set_string(json_t *object, const char *key, const char *s)
{
	json_object_set_new(object, key, json_text(s));
}

json_t *json_strings(const GPtrArray *list)
{
	json_t *array = json_array();

	for (unsigned i = 0; i < list->len; i++)
		json_array_append_new(array, json_text(g_ptr_array_index(list, i)));
	return array;
}

json_t *json_flow(struct flow f, bool known)
{
	json_t *object = json_object();

	json_set_known(object, "in", (int64_t)f.in, known);
	json_set_known(object, "out", (int64_t)f.out, known);
	return object;
}

/* At most one of code and signal is set; both are null if the exit is not known. */
json_t *json_exit(const struct report_exit *e)
{
	json_t *object = json_object();

	json_set_known(object, "code", e->code, e->known && !e->signal);
	json_set_known(object, "signal", e->signal, e->known && e->signal);
	return object;
}

static int append_data(const char *data, size_t len, void *out)
{
	g_string_append_len(out, data, (gssize)len);
	return 0;
}

void json_emit(GString *out, json_t *value)
{
	json_dump_callback(value, append_data, out, JSON_ENCODE_ANY | JSON_REAL_PRECISION(15));
	json_decref(value);
}

void json_emit_field(GString *out, const char *key, json_t *value)
{
	g_string_append_printf(out, ",\n\"%s\": ", key);
	json_emit(out, value);
}
