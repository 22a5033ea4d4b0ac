/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The varlink calls of systemd-oomd's prekill hook: the call, introspection, and what is no call.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <jansson.h>
#include <string.h>

#include "agent/varlink.h"

static GString *reply;

static int call(const char *text, char **cgroup)
{
	g_string_truncate(reply, 0);
	return varlink_call(text, strlen(text), reply, cgroup);
}

static int setup(void **state)
{
	(void)state;
	reply = g_string_new(NULL);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	g_string_free(reply, TRUE);
	return 0;
}

/* One object and one NUL. */
static void assert_reply(const char *text)
{
	assert_string_equal(reply->str, text);
	assert_int_equal(reply->len, strlen(text) + 1);
}

static void test_notify(void **state)
{
	char *cgroup;

	(void)state;
	assert_int_equal(call("{\"method\":\"io.systemd.oom.Prekill.Notify\",\"parameters\":"
			      "{\"cgroup\":\"/system.slice/hog.service\"}}",
			      &cgroup),
			 0);
	assert_string_equal(cgroup, "/system.slice/hog.service");
	assert_reply("{\"parameters\":{}}");
	g_free(cgroup);
	assert_int_equal(call("{\"method\":\"io.systemd.oom.Prekill.Notify\",\"oneway\":true,"
			      "\"parameters\":{\"cgroup\":\"/\"}}",
			      &cgroup),
			 0);
	assert_string_equal(cgroup, "/");
	assert_int_equal(reply->len, 0);
	g_free(cgroup);
}

static void test_bad_parameters(void **state)
{
	static const char *const parameters[] = {
		"{}",
		"{\"cgroup\":7}",
		"{\"cgroup\":\"\"}",
		"{\"cgroup\":\"relative\"}",
		"{\"cgroup\":\"/a/../b\"}",
		"{\"cgroup\":\"/a//b\"}",
		"{\"cgroup\":null}",
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(parameters); i++) {
		g_autofree char *text = g_strdup_printf(
			"{\"method\":\"io.systemd.oom.Prekill.Notify\",\"parameters\":%s}",
			parameters[i]);
		char *cgroup;

		assert_int_equal(call(text, &cgroup), 0);
		assert_null(cgroup);
		assert_reply("{\"error\":\"org.varlink.service.InvalidParameter\","
			     "\"parameters\":{\"parameter\":\"cgroup\"}}");
	}
}

static void test_other_calls(void **state)
{
	char *cgroup;

	(void)state;
	assert_int_equal(call("{\"method\":\"org.varlink.service.GetInfo\"}", &cgroup), 0);
	assert_non_null(strstr(reply->str, "\"io.systemd.oom.Prekill\""));
	assert_int_equal(call("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			      "\"parameters\":{\"interface\":\"io.systemd.oom.Prekill\"}}",
			      &cgroup),
			 0);
	assert_non_null(strstr(reply->str, "method Notify(cgroup: string) -> ()"));
	assert_int_equal(call("{\"method\":\"org.varlink.service.GetInterfaceDescription\","
			      "\"parameters\":{\"interface\":\"x.y\"}}",
			      &cgroup),
			 0);
	assert_reply("{\"error\":\"org.varlink.service.InterfaceNotFound\","
		     "\"parameters\":{\"interface\":\"x.y\"}}");
	assert_int_equal(call("{\"method\":\"a.b.C\"}", &cgroup), 0);
	assert_reply("{\"error\":\"org.varlink.service.MethodNotFound\","
		     "\"parameters\":{\"method\":\"a.b.C\"}}");
	assert_null(cgroup);
}

static void test_no_call(void **state)
{
	static const char *const texts[] = {
		"",
		"{",
		"[]",
		"7",
		"{}",
		"{\"method\":1}",
		"{\"method\":\"a.b\",\"parameters\":[]}",
		"{\"method\":\"a.b\",\"method\":\"a.c\"}",
		"{\"method\":\"a.b\"} {}",
		"{\"method\":\"\xff\"}",
		"GET / HTTP/1.1",
	};
	g_autofree char *deep = g_strnfill(60000, '[');
	char *cgroup;

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		assert_int_equal(call(texts[i], &cgroup), -EBADMSG);
		assert_null(cgroup);
		assert_int_equal(reply->len, 0);
	}
	assert_int_equal(call(deep, &cgroup), -EBADMSG);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_notify, setup, teardown),
		cmocka_unit_test_setup_teardown(test_bad_parameters, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_calls, setup, teardown),
		cmocka_unit_test_setup_teardown(test_no_call, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
