/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Who called tare, whose files tare trusts, and which user the command runs as.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/owner.h"
#include "capture/launch.h"

/* Sets the variables as sudo does; NULL: not set. */
static void called_by(const char *uid, const char *gid)
{
	uid ? g_setenv("SUDO_UID", uid, true) : g_unsetenv("SUDO_UID");
	gid ? g_setenv("SUDO_GID", gid, true) : g_unsetenv("SUDO_GID");
}

static int nobody_any_more(void **state)
{
	(void)state;
	called_by(NULL, NULL);
	return 0;
}

/* Only root trusts the variables: any user can set them. */
static void need_root(void)
{
	if (geteuid())
		skip();
}

static void without_sudo_there_is_no_caller(void **state)
{
	struct owner caller = { .set = true };
	const char *wrong = NULL;

	(void)state;
	assert_int_equal(owner_by_sudo(&caller, &wrong), 0);
	assert_false(caller.set);
	called_by(NULL, "7");
	assert_int_equal(owner_by_sudo(&caller, &wrong), 0);
	assert_false(caller.set);
}

static void sudo_names_the_caller(void **state)
{
	struct owner caller;
	const char *wrong = NULL;

	(void)state;
	need_root();
	called_by("1234", "4294967294");
	assert_int_equal(owner_by_sudo(&caller, &wrong), 0);
	assert_true(caller.set);
	assert_int_equal(caller.uid, 1234);
	assert_int_equal(caller.gid, 4294967294);
}

static void invalid_ids_are_refused(void **state)
{
	static const struct {
		const char *uid, *gid, *wrong;
	} cases[] = {
		{ "banana", "1", "SUDO_UID" },      { "", "1", "SUDO_UID" },
		{ "-1", "1", "SUDO_UID" },          { "4294967295", "1", "SUDO_UID" },
		{ "99999999999", "1", "SUDO_UID" }, { "1", NULL, "SUDO_GID" },
		{ "1", "0x1", "SUDO_GID" },
	};
	struct launch_config config = { 0 };
	struct launch_user user;
	struct owner caller;
	const char *wrong;

	(void)state;
	need_root();
	for (unsigned i = 0; i < G_N_ELEMENTS(cases); i++) {
		called_by(cases[i].uid, cases[i].gid);
		assert_int_equal(owner_by_sudo(&caller, &wrong), -EINVAL);
		assert_string_equal(wrong, cases[i].wrong);
		assert_false(caller.set);
		assert_int_equal(launch_user(&config, &user), -EINVAL);
	}
}

static void files_of_others_are_not_trusted(void **state)
{
	const struct owner unset = { .uid = 1234 }, caller = { .set = true, .uid = 1234 };

	(void)state;
	assert_true(owner_trusts(NULL, 0));
	assert_true(owner_trusts(NULL, geteuid()));
	assert_true(owner_trusts(&caller, 1234));
	assert_false(owner_trusts(&caller, 1235));
	assert_false(owner_trusts(&unset, 1234));
	assert_false(owner_trusts(NULL, 1234));
}

/* --user takes precedence over sudo's user, --as-root over sudo's user only. */
static void user_of_the_command(void **state)
{
	struct launch_config config = { .user = "nobody", .as_root = true };
	struct launch_user user;

	(void)state;
	need_root();
	called_by("1234", "2345");
	assert_int_equal(launch_user(&config, &user), 0);
	assert_true(user.who.set);
	assert_string_equal(user.name, "nobody");
	config.user = NULL;
	assert_int_equal(launch_user(&config, &user), 0);
	assert_false(user.who.set);
	config.as_root = false;
	assert_int_equal(launch_user(&config, &user), 0);
	assert_int_equal(user.who.uid, 1234);
	assert_int_equal(user.who.gid, 2345);
	assert_string_equal(user.name, "");
	config.user = "no such user";
	assert_int_equal(launch_user(&config, &user), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_teardown(without_sudo_there_is_no_caller, nobody_any_more),
		cmocka_unit_test_teardown(sudo_names_the_caller, nobody_any_more),
		cmocka_unit_test_teardown(invalid_ids_are_refused, nobody_any_more),
		cmocka_unit_test(files_of_others_are_not_trusted),
		cmocka_unit_test_teardown(user_of_the_command, nobody_any_more),
	};

	nobody_any_more(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
