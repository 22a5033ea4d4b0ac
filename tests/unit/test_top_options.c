/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of tare top: defaults, what they set, and what is refused.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/top_options.h"
#include "tests/unit/heard.h"

static struct top_options o;
static char *told;

static int parse_line(const char *line)
{
	static char **argv; /* the parsed options point into it */
	int err;

	top_options_free(&o);
	g_strfreev(argv);
	argv = g_strsplit(line, " ", -1);
	assert_true(stderr_keep());
	err = top_options_parse(&o, (int)g_strv_length(argv), argv);
	g_free(told);
	told = said();
	stderr_back();
	return err;
}

static void accepted(const char *line)
{
	assert_int_equal(parse_line(line), 0);
	assert_string_equal(told, "");
}

static void refused(const char *line, const char *why)
{
	assert_int_equal(parse_line(line), -EINVAL);
	if (!strstr(told, why))
		fail_msg("\"%s\" is not in: %s", why, told);
	assert_non_null(strstr(told, "tare top --help"));
}

static void defaults(void **state)
{
	(void)state;
	accepted("top");
	assert_true(o.base.all);
	assert_false(o.batch);
	assert_int_equal(o.delay_ns, 1000000000);
	assert_int_equal(o.query.window, LIVE_10S);
	assert_int_equal(o.query.sort, LIVE_BY_GROWTH);
	assert_int_equal(o.base.period, 0);
	assert_int_equal(o.rows, 20);
}

static void values(void **state)
{
	(void)state;
	accepted("top -p 12,34 -d 0.5 -n 7 --sort in --window 60 --group cgroup --filter x");
	assert_false(o.base.all);
	assert_int_equal(o.base.pids->len, 2);
	assert_int_equal(o.delay_ns, 500000000);
	assert_int_equal(o.base.interval_ns, 500000000);
	assert_int_equal(o.rounds, 7);
	assert_int_equal(o.query.sort, LIVE_BY_IN);
	assert_int_equal(o.query.window, LIVE_60S);
	assert_int_equal(o.query.group, LIVE_PER_CGROUP);
	accepted("top --format jsonl");
	assert_true(o.batch);
	assert_int_equal(o.rows, 0);
	accepted("top -o name,pid");
	assert_true(o.batch);
	assert_int_equal(o.columns.n, 2);
	assert_int_equal(o.columns.column[0], TOP_NAME);
	accepted("top -b -- ls -l");
	assert_false(o.base.all);
	assert_string_equal(o.base.command[1], "-l");
}

static void refusals(void **state)
{
	(void)state;
	refused("top -p 1 --all", "exclude each other");
	refused("top --comm x -- true", "exclude each other");
	refused("top -p 1,x", "a list of process ids");
	refused("top -d 0.01", "0.1 to 3600");
	refused("top -n 0", "a number from 1");
	refused("top --sort shoe", "growth, weight");
	refused("top --window 5", "1, 10 or 60");
	refused("top -o pid,pid", "each once");
	refused("top -o ", "a list of");
	refused("top -o pid --format csv", "csv has all");
	refused("top --period 1", "4KiB to 1GiB");
	refused("top --max-size 2MiB", "-r FILE");
	refused("top --user root", "need a command");
	refused("top --user root --as-root -- true", "exclude each other");
	refused("top --treads", "--threads");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(values),
		cmocka_unit_test(refusals),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
