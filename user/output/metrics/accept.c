/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a client wants, by its headers Accept and Accept-Encoding (RFC 9110, 12.5).
 */
#include <string.h>

#include "output/metrics/metrics.h"

#define ITEMS 64 /* of a header; more are not looked at */

const char *const metrics_type[METRICS_FORMATS] = {
	[METRICS_TEXT] = "text/plain; version=0.0.4; charset=utf-8",
	[METRICS_OPENMETRICS] = "application/openmetrics-text; version=1.0.0; charset=utf-8",
};

/* "type;a=b;q=0.5": is its first part `type`? Its weight, in thousandths; another version than
 * `version` (NULL: any) has none. */
static int weight_of(const char *item, const char *type, const char *version)
{
	g_auto(GStrv) parts = g_strsplit(item, ";", 8);
	double q = 1;

	if (!parts[0] || g_ascii_strcasecmp(g_strstrip(parts[0]), type) != 0)
		return 0;
	for (char **part = parts + 1; *part; part++) {
		char *word = g_strstrip(*part), *value = strchr(word, '=');

		if (!value)
			continue;
		*value++ = '\0';
		g_strchomp(word);
		g_strstrip(value);
		if (!g_ascii_strcasecmp(word, "q"))
			q = g_ascii_strtod(value, NULL);
		else if (!g_ascii_strcasecmp(word, "version") && version &&
			 !g_str_has_prefix(value + (*value == '"'), version))
			return 0;
	}
	return q > 0 ? (int)(MIN(q, 1) * 1000) : 0;
}

/* The largest weight of `type` in a header. */
static int best(const char *header, const char *type, const char *version)
{
	g_auto(GStrv) items = g_strsplit(header, ",", ITEMS);
	int most = 0;

	for (char **item = items; *item; item++)
		most = MAX(most, weight_of(*item, type, version));
	return most;
}

enum metrics_format metrics_choose(const char *accept)
{
	int open = MAX(best(accept, "application/openmetrics-text", "1."),
		       best(accept, "application/openmetrics-text", "0.0.1"));
	int text = MAX(best(accept, "text/plain", "0.0.4"), best(accept, "text/*", NULL));

	return open && open >= text ? METRICS_OPENMETRICS : METRICS_TEXT;
}

bool metrics_wants_gzip(const char *accept_encoding)
{
	return best(accept_encoding, "gzip", NULL) > 0;
}
