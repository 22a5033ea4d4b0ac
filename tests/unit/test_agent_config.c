/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The configuration of the agent, and the addresses that it listens at.
 */
#include <errno.h>
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "agent/config.h"
#include "agent/listen.h"

static struct agent_config *parse(const char *text)
{
	return agent_config_parse("test.conf", text);
}

static void takes_values(void **state)
{
	struct agent_config *c = parse("# a comment\n"
				       "listen = 127.0.0.1:9999\n"
				       "  listen=unix:/run/tare/agent.sock  \n"
				       "\n"
				       "groups = 50\n"
				       "memory = 64MiB\n"
				       "period = 0\n"
				       "argv = shown\n");

	(void)state;
	assert_non_null(c);
	assert_int_equal(c->listen->len, 2);
	assert_string_equal(c->listen->pdata[1], "unix:/run/tare/agent.sock");
	assert_int_equal(c->groups, 50);
	assert_int_equal(c->memory, 64 << 20);
	assert_int_equal(c->period, 0);
	assert_true(c->argv);
	assert_false(c->paths);
	agent_config_free(c);
}

static void has_defaults(void **state)
{
	struct agent_config *c = parse("");

	(void)state;
	assert_non_null(c);
	assert_int_equal(agent_config_check(c), 0);
	assert_int_equal(c->listen->len, 1);
	assert_string_equal(c->listen->pdata[0], "127.0.0.1:9464");
	assert_false(c->argv);
	agent_config_free(c);
}

static void refuses_what_it_does_not_understand(void **state)
{
	static const char *const wrong[] = {
		"lsten = 127.0.0.1:9464\n",
		"groups\n",
		"groups =\n",
		"groups = many\n",
		"groups = 0\n",
		"groups = -1\n",
		"memory = 1MiB\n",
		"period = 5\n",
		"argv = yes\n",
		"token-file = token\n",
		"listen = 9464\n",
		"listen = example.org:9464\n",
		"listen = unix:relative\n",
		"listen = 127.0.0.1:0\n",
		"listen = 127.0.0.1:65536\n",
		"[agent]\n",
		"listen = 127.0.0.1:1\nlisten = 127.0.0.1:2\nlisten = 127.0.0.1:3\n"
		"listen = 127.0.0.1:4\nlisten = 127.0.0.1:5\n",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(wrong); i++)
		assert_null(parse(wrong[i]));
}

static int check(const char *text)
{
	struct agent_config *c = parse(text);
	int err;

	assert_non_null(c);
	err = agent_config_check(c);
	agent_config_free(c);
	return err;
}

static void needs_a_token_for_other_machines(void **state)
{
	(void)state;
	assert_int_equal(check("listen = 127.255.0.1:9464\n"), 0);
	assert_int_equal(check("listen = [::1]:9464\n"), 0);
	assert_int_equal(check("listen = unix:/tmp/x\n"), 0);
	assert_int_equal(check("listen = 0.0.0.0:9464\n"), -EINVAL);
	assert_int_equal(check("listen = [::]:9464\n"), -EINVAL);
	assert_int_equal(check("listen = [::ffff:127.0.0.1]:9464\n"), -EINVAL);
	assert_int_equal(check("listen = unix:/tmp/x\nlisten = 10.0.0.1:9464\n"), -EINVAL);
}

static int with_token(const char *token, mode_t mode)
{
	g_autofree char *dir = g_dir_make_tmp("tare-XXXXXX", NULL);
	g_autofree char *path = g_build_filename(dir, "token", NULL);
	g_autofree char *text = g_strdup_printf("listen = 0.0.0.0:9464\ntoken-file = %s\n", path);
	int err;

	assert_true(g_file_set_contents(path, token, -1, NULL));
	assert_int_equal(chmod(path, mode), 0);
	err = check(text);
	unlink(path);
	rmdir(dir);
	return err;
}

static void checks_the_token_file(void **state)
{
	(void)state;
	assert_int_equal(with_token("0123456789abcdef\n", 0600), 0);
	assert_int_equal(with_token("0123456789abcdef\n", 0640), -EINVAL);
	assert_int_equal(with_token("0123456789abcdef\n", 0602), -EINVAL);
	assert_int_equal(with_token("short\n", 0600), -EINVAL);
	assert_int_equal(with_token("0123456789abcdef second\n", 0600), -EINVAL);
	assert_int_equal(with_token("", 0600), -EINVAL);
	assert_int_equal(check("token-file = /nonexistent\n"), -EINVAL);
	assert_int_equal(check("token-file = /dev/zero\n"), -EINVAL);
}

static void parses_addresses(void **state)
{
	struct listen_address a;

	(void)state;
	assert_int_equal(listen_parse(&a, "127.0.0.1:9464"), 0);
	assert_true(a.loopback && !a.local);
	assert_int_equal(listen_parse(&a, "localhost:9464"), 0);
	assert_true(a.loopback);
	assert_int_equal(listen_parse(&a, "[::1]:80"), 0);
	assert_true(a.loopback);
	assert_int_equal(listen_parse(&a, "[2001:db8::1]:80"), 0);
	assert_false(a.loopback);
	assert_int_equal(listen_parse(&a, "128.0.0.1:80"), 0);
	assert_false(a.loopback);
	assert_int_equal(listen_parse(&a, "unix:/x"), 0);
	assert_true(a.local && a.loopback);
	assert_int_equal(listen_parse(&a, ":9464"), -EINVAL);
	assert_int_equal(listen_parse(&a, "[:9464"), -EINVAL);
	assert_int_equal(listen_parse(&a, "[]:9464"), -EINVAL);
	assert_int_equal(listen_parse(&a, "::1:9464"), -EINVAL);
	assert_int_equal(listen_parse(&a, "unix:"), -EINVAL);
	assert_int_equal(listen_parse(&a, ""), -EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_values),
		cmocka_unit_test(has_defaults),
		cmocka_unit_test(refuses_what_it_does_not_understand),
		cmocka_unit_test(needs_a_token_for_other_machines),
		cmocka_unit_test(checks_the_token_file),
		cmocka_unit_test(parses_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
