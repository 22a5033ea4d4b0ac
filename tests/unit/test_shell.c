/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Helper commands of a bench: exit status, output, and how they are ended.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <signal.h>
#include <sys/wait.h>

#include "bench/shell.h"
#include "tests/unit/files.h"
#include "tests/unit/heard.h"

static const struct launch_user nobody_else;

static volatile sig_atomic_t interrupted;

static int sh(const char *script, char **output)
{
	char *argv[] = { "sh", "-c", (char *)script, NULL };

	return shell_run(argv, &nobody_else, &interrupted, output);
}

static void no_child_is_left(void)
{
	assert_int_equal(waitpid(-1, NULL, WNOHANG), -1);
	assert_int_equal(errno, ECHILD);
}

static void status_and_output(void **state)
{
	g_autofree char *text = NULL, *none = NULL, *killed = NULL;

	(void)state;
	assert_int_equal(sh("echo out; echo err >&2; exit 7", &text), 7);
	assert_string_equal(text, "out\nerr\n");
	assert_int_equal(sh("true", &none), 0);
	assert_string_equal(none, "");
	assert_int_equal(sh("echo so far; kill -KILL $$", &killed), 128 + SIGKILL);
	assert_string_equal(killed, "so far\n");
	no_child_is_left();
}

/* Otherwise a helper that reads input would wait for ever, or take tare's input. */
static void helper_has_no_input(void **state)
{
	g_autofree char *text = NULL;

	(void)state;
	assert_int_equal(sh("cat; echo end", &text), 0);
	assert_string_equal(text, "end\n");
}

static void last_output_is_kept(void **state)
{
	g_autofree char *text = NULL;
	size_t n;

	(void)state;
	assert_int_equal(sh("seq 1 100000; echo last", &text), 0);
	n = strlen(text);
	assert_in_range(n, 32 << 10, 64 << 10);
	assert_string_equal(text + n - strlen("100000\nlast\n"), "100000\nlast\n");
}

static void missing_program_is_reported(void **state)
{
	static const char script[] = "#!/no/such/interpreter\n";
	g_autofree char *path = write_file(script, strlen(script)), *text = NULL;
	char *none[] = { "/no/such/program", NULL }, *data[] = { path, NULL };

	assert_int_equal(chmod(path, 0644), 0);
	mute_stderr(state);
	assert_int_equal(shell_run(none, &nobody_else, &interrupted, &text), -ENOENT);
	assert_null(text);
	assert_int_equal(shell_run(data, &nobody_else, &interrupted, &text), -EACCES);
	assert_null(text);
	assert_int_equal(chmod(path, 0755), 0);
	assert_int_equal(shell_run(data, &nobody_else, &interrupted, &text), -EACCES);
	assert_null(text);
	unmute_stderr(state);
	unlink(path);
	no_child_is_left();
}

static void on_signal(int signal)
{
	interrupted = signal == SIGUSR1;
}

/* The helper is ended early, also if the signal came before the wait for its output. */
static void signal_to_tare_ends_the_helper(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;
	g_autofree char *text = NULL, *none = NULL;

	(void)state;
	assert_int_equal(sigaction(SIGUSR1, &action, &before), 0);
	assert_int_equal(sh("kill -USR1 $PPID; exec sleep 1000", &text), -EINTR);
	assert_true(interrupted);
	assert_int_equal(sh("exec sleep 1000", &none), -EINTR);
	interrupted = 0;
	sigaction(SIGUSR1, &before, NULL);
	no_child_is_left();
}

/* SIGUSR1 to `tare bench`, or SIGPIPE. */
static void other_signals_do_not_end_it(void **state)
{
	struct sigaction action = { .sa_handler = on_signal }, before;
	g_autofree char *text = NULL;

	(void)state;
	assert_int_equal(sigaction(SIGUSR2, &action, &before), 0);
	assert_int_equal(sh("kill -USR2 $PPID; echo end", &text), 0);
	assert_string_equal(text, "end\n");
	sigaction(SIGUSR2, &before, NULL);
	no_child_is_left();
}

static void last_line(void **state)
{
	static const char *const texts[][2] = {
		{ "", "" },         { "\n \n", "" },      { "one", "one" },
		{ "one\n", "one" }, { "a\nb\n\n ", "b" }, { "\n\nb", "b" },
	};

	(void)state;
	for (unsigned i = 0; i < G_N_ELEMENTS(texts); i++) {
		g_autofree char *text = g_strdup(texts[i][0]);

		assert_string_equal(shell_last_line(text), texts[i][1]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(status_and_output),
		cmocka_unit_test(helper_has_no_input),
		cmocka_unit_test(last_output_is_kept),
		cmocka_unit_test(missing_program_is_reported),
		cmocka_unit_test(signal_to_tare_ends_the_helper),
		cmocka_unit_test(other_signals_do_not_end_it),
		cmocka_unit_test(last_line),
	};

	return cmocka_run_group_tests_name("shell", tests, NULL, NULL);
}
