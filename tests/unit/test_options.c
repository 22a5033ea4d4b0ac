/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options of run and attach: what they set, what is refused, and the messages.
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
#include <sys/types.h>
#include <unistd.h>

#include "cli/options.h"
#include "model/proctable.h"
#include "tests/unit/heard.h"

static struct options o;
static char *told; /* stderr of the last parse_line() */

/* Parses a line of words, split at spaces; keeps stderr. */
static int parse_line(enum option_for who, const char *line)
{
	static char **argv; /* the parsed options point into it */
	int err;

	g_strfreev(argv);
	argv = g_strsplit(line, " ", -1);
	assert_true(stderr_keep());
	err = options_parse(&o, who, g_strv_length(argv), argv);
	g_free(told);
	told = said();
	stderr_back();
	return err;
}

static void assert_accepted(enum option_for who, const char *line)
{
	options_free(&o);
	assert_int_equal(parse_line(who, line), 0);
	assert_string_equal(told, "");
}

static void assert_refused(enum option_for who, const char *line, const char *why)
{
	options_free(&o);
	assert_int_equal(parse_line(who, line), -EINVAL);
	if (!strstr(told, why))
		fail_msg("\"%s\" is not in: %s", why, told);
	assert_non_null(strstr(told, "--help"));
}

static void defaults(void **state)
{
	(void)state;
	assert_accepted(FOR_RUN, "run -- true");
	assert_string_equal(o.command[0], "true");
	assert_null(o.command[1]);
	assert_int_equal(o.interval_ns, 100 * 1000 * 1000);
	assert_int_equal(o.snapshot_every_ns, 0);
	assert_string_equal(o.format->name, "table");
	assert_int_equal(o.max_mms, 8192);
	assert_int_equal(o.keep_tasks, 256);
	assert_int_equal(o.ring_bytes, 8 << 20);
	assert_int_equal(o.period, 64 << 10);
	assert_int_equal(o.show, 0); /* the default screen */
	assert_false(o.no_priority);
	assert_false(o.no_children || o.wait_all || o.as_root || o.kill_on_exit || o.self || o.all);
	assert_true(!o.user && !o.output && !o.force_backend && !o.pids && !o.comm && !o.cgroup);
}

static void all_of_run(void **state)
{
	(void)state;
	assert_accepted(FOR_RUN,
			"run --wait-all --user nobody --kill-on-exit --format json --threads all"
			" --snapshot-every 2s --interval=10ms --force-backend classic --self"
			" --max-mms 7 --ring-size 1MiB --no-priority -- cmd --wait-all -o x");
	assert_true(o.wait_all && o.kill_on_exit && o.self && o.all_threads);
	assert_string_equal(o.user, "nobody");
	assert_string_equal(o.format->name, "json");
	assert_int_equal(o.snapshot_every_ns, 2000 * 1000 * 1000ull);
	assert_int_equal(o.interval_ns, 10 * 1000 * 1000);
	assert_string_equal(o.force_backend, "classic");
	assert_int_equal(o.max_mms, 7);
	assert_true(o.no_priority);
	assert_accepted(FOR_RUN, "run --keep-tasks all -- true");
	assert_int_equal(o.keep_tasks, PROCTABLE_KEEP_ALL);
	assert_accepted(FOR_ATTACH, "attach --all --keep-tasks 0");
	assert_int_equal(o.keep_tasks, 0);
	assert_accepted(
		FOR_RUN,
		"run --wait-all --ring-size 1MiB --keep-tasks 1000000 -- cmd --wait-all -o x");
	assert_int_equal(o.keep_tasks, 1000000);
	assert_int_equal(o.ring_bytes, 1 << 20);
	assert_string_equal(o.command[0], "cmd");
	assert_string_equal(o.command[1], "--wait-all");
	assert_string_equal(o.command[3], "x");
}

static void sections_of_the_table(void **state)
{
	(void)state;
	assert_accepted(FOR_RUN, "run --show why,who --show kernel -- true");
	assert_int_equal(o.show, 1 << TABLE_WHO | 1 << TABLE_WHY | 1 << TABLE_KERNEL);
	assert_accepted(FOR_ATTACH, "attach --all --full");
	assert_int_equal(o.show, TABLE_ALL);
}

/* Words after the command's name belong to the command, also "--". */
static void commands_own_options(void **state)
{
	(void)state;
	assert_accepted(FOR_RUN, "run ls --all -o x --self");
	assert_string_equal(o.command[0], "ls");
	assert_null(o.output);
	assert_false(o.self);
	assert_accepted(FOR_RUN, "run --self -- --odd");
	assert_string_equal(o.command[0], "--odd");
}

static void pids(void **state)
{
	(void)state;
	assert_accepted(FOR_ATTACH, "attach -p 12,34 --pid 56 --duration 1.5s");
	assert_int_equal(o.pids->len, 3);
	assert_int_equal(g_array_index(o.pids, pid_t, 0), 12);
	assert_int_equal(g_array_index(o.pids, pid_t, 2), 56);
	assert_int_equal(o.duration_ns, 1500 * 1000 * 1000ull);
	assert_refused(FOR_ATTACH, "attach -p 0", "process ids");
	assert_refused(FOR_ATTACH, "attach -p -1", "process ids");
	assert_refused(FOR_ATTACH, "attach -p 12,", "process ids");
	assert_refused(FOR_ATTACH, "attach -p 12;13", "process ids");
	assert_refused(FOR_ATTACH, "attach -p 2147483648", "process ids");
	assert_refused(FOR_ATTACH, "attach -p 99999999999999999999", "process ids");
	assert_refused(FOR_ATTACH, "attach -p", "needs an argument");
}

static void one_way_to_attach(void **state)
{
	(void)state;
	assert_accepted(FOR_ATTACH, "attach --comm x");
	assert_accepted(FOR_ATTACH, "attach --cgroup /x");
	assert_accepted(FOR_ATTACH, "attach --all");
	assert_refused(FOR_ATTACH, "attach", "nothing to attach to");
	assert_refused(FOR_ATTACH, "attach --all --comm x", "exclude each other");
	assert_refused(FOR_ATTACH, "attach -p 1 --cgroup /x", "exclude each other");
	assert_refused(FOR_ATTACH, "attach --all true", "takes no command");
	assert_refused(FOR_ATTACH, "attach --wait-all --all", "unknown option");
}

static void bad_run(void **state)
{
	(void)state;
	assert_refused(FOR_RUN, "run", "no command");
	assert_refused(FOR_RUN, "run --", "no command");
	assert_refused(FOR_RUN, "run --self --", "no command");
	assert_refused(FOR_RUN, "run --user x --as-root -- true", "exclude");
	assert_refused(FOR_RUN, "run --no-children --wait-all -- true", "exclude");
	assert_refused(FOR_RUN, "run --comm x -- true", "unknown option");
}

static void bad_values(void **state)
{
	(void)state;
	assert_refused(FOR_RUN, "run --interval 0 -- true", "--interval 0");
	assert_refused(FOR_RUN, "run --interval 10us -- true", "1ms");
	assert_refused(FOR_RUN, "run --interval fast -- true", "--interval fast");
	assert_refused(FOR_RUN, "run --interval -1s -- true", "--interval -1s");
	assert_refused(FOR_RUN, "run --snapshot-every 0s -- true", "--snapshot-every 0s");
	assert_refused(FOR_RUN, "run --format xml -- true",
		       "table, folded, pprof, speedscope, json, html or csv");
	assert_refused(FOR_RUN, "run --threads some -- true", "all or grouped");
	assert_refused(FOR_RUN, "run --show who,whom -- true",
		       "whom: not books, totals, who, why, where, kernel, charged, slabs, mapped, "
		       "self or notes");
	assert_refused(FOR_ATTACH, "attach --all --show ", "not books");
	assert_refused(FOR_RUN, "run --force-backend best -- true", "percpu, count or classic");
	assert_refused(FOR_RUN, "run --max-mms 0 -- true", "1 to 1048576");
	assert_refused(FOR_RUN, "run --max-mms 1048577 -- true", "1 to 1048576");
	assert_refused(FOR_RUN, "run --max-mms 4k -- true", "1 to 1048576");
	assert_refused(FOR_RUN, "run --keep-tasks some -- true", "up to 1000000, or all");
	assert_refused(FOR_RUN, "run --keep-tasks -1 -- true", "up to 1000000, or all");
	assert_refused(FOR_RUN, "run --keep-tasks 1000001 -- true", "up to 1000000, or all");
	assert_refused(FOR_RUN, "run --ring-size 1KiB -- true", "64KiB");
	assert_refused(FOR_RUN, "run --ring-size 2GiB -- true", "1GiB");
	assert_refused(FOR_RUN, "run --interval", "needs an argument");
}

static void nearest_is_named(void **state)
{
	(void)state;
	assert_refused(FOR_RUN, "run --intervall 1s -- true", "--interval");
	assert_refused(FOR_RUN, "run --kil-on-exit -- true", "--kill-on-exit");
	assert_refused(FOR_RUN, "run --fromat=json -- true", "--format");
	assert_refused(FOR_RUN, "run --utterly-unknown -- true",
		       "unknown option: --utterly-unknown");
}

static void format_by_suffix(void **state)
{
	(void)state;
	assert_accepted(FOR_RUN, "run -o /tmp/x.json -- true");
	assert_string_equal(o.format->name, "json");
	assert_accepted(FOR_RUN, "run -o /tmp/x.txt -- true");
	assert_string_equal(o.format->name, "table");
	assert_accepted(FOR_RUN, "run --format table -o /tmp/x.json -- true");
	assert_string_equal(o.format->name, "table");
	assert_accepted(FOR_RUN, "run -o /tmp/x.txt --format json -- true");
	assert_string_equal(o.format->name, "json");
	assert_refused(FOR_RUN, "run -o /there/is/none/x.json -- true", "/there/is/none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults),
		cmocka_unit_test(all_of_run),
		cmocka_unit_test(sections_of_the_table),
		cmocka_unit_test(commands_own_options),
		cmocka_unit_test(pids),
		cmocka_unit_test(one_way_to_attach),
		cmocka_unit_test(bad_run),
		cmocka_unit_test(bad_values),
		cmocka_unit_test(nearest_is_named),
		cmocka_unit_test(format_by_suffix),
	};

	return cmocka_run_group_tests_name("options", tests, NULL, NULL);
}
