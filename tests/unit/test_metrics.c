/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What clients of /metrics ask for, and labels that nobody should have.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "output/metrics/metrics.h"
#include "output/metrics/writer.h"

static void formats(void **state)
{
	static const struct {
		const char *accept;
		enum metrics_format format;
	} rows[] = {
		{ "", METRICS_TEXT },
		{ "*/*", METRICS_TEXT },
		{ "text/plain", METRICS_TEXT },
		{ "text/html,application/xhtml+xml,*/*;q=0.8", METRICS_TEXT },
		/* Prometheus 2.42, 2.53, 3.1 */
		{ "application/openmetrics-text;version=1.0.0,"
		  "application/openmetrics-text;version=0.0.1;q=0.75,"
		  "text/plain;version=0.0.4;q=0.5,*/*;q=0.1",
		  METRICS_OPENMETRICS },
		{ "application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,"
		  "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
		  METRICS_OPENMETRICS },
		{ "application/openmetrics-text; version=\"1.0.0\"", METRICS_OPENMETRICS },
		{ "APPLICATION/OpenMetrics-Text ; Version=0.0.1", METRICS_OPENMETRICS },
		{ "application/openmetrics-text;version=2.0.0", METRICS_TEXT },
		{ "application/openmetrics-text;q=0", METRICS_TEXT },
		{ "application/openmetrics-text;q=0.4, text/plain;q=0.9", METRICS_TEXT },
		{ "application/openmetrics-text;q=nonsense", METRICS_TEXT },
		{ ",,;;=,q=1;", METRICS_TEXT },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(rows); i++)
		if (metrics_choose(rows[i].accept) != rows[i].format)
			fail_msg("%s", rows[i].accept);
}

static void encodings(void **state)
{
	(void)state;
	assert_true(metrics_wants_gzip("gzip"));
	assert_true(metrics_wants_gzip("deflate, gzip;q=0.5, br"));
	assert_false(metrics_wants_gzip(""));
	assert_false(metrics_wants_gzip("identity"));
	assert_false(metrics_wants_gzip("gzip;q=0"));
	assert_false(metrics_wants_gzip("gzipped"));
}

static void labels(void **state)
{
	GString *labels = g_string_new(NULL);

	(void)state;
	metrics_label(labels, "none", NULL);
	metrics_label(labels, "empty", "");
	metrics_label(labels, "cgroup", "/a\"b\\c\nd");
	metrics_label(labels, "comm", "x");
	assert_string_equal(labels->str, "cgroup=\"/a\\\"b\\\\c\\nd\",comm=\"x\"");
	g_string_free(labels, TRUE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(formats),
		cmocka_unit_test(encodings),
		cmocka_unit_test(labels),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
