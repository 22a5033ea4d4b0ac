/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Redirects stderr in tests. mute_stderr() and unmute_stderr() are a setup and a teardown that
 * discard it for a whole group of tests; stderr_keep() and said() let a test check it.
 * Only assert_said() and fail_said() can fail a test: a test's child processes may use the rest.
 */
#ifndef TARE_TEST_HEARD_H
#define TARE_TEST_HEARD_H

#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static int stderr_copy = -1, said_fd = -1;

/* Redirects stderr to `fd` until stderr_back(). Takes over `fd`. */
static inline void stderr_to(int fd)
{
	fflush(stderr);
	stderr_copy = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
	dup2(fd, STDERR_FILENO);
	close(fd);
}

/* Restores stderr, so that messages of failed assertions are seen. May be called twice. */
static inline void stderr_back(void)
{
	fflush(stderr);
	if (stderr_copy >= 0) {
		dup2(stderr_copy, STDERR_FILENO);
		close(stderr_copy);
	}
	if (said_fd >= 0)
		close(said_fd);
	stderr_copy = said_fd = -1;
}

static inline int mute_stderr(void **state)
{
	(void)state;
	stderr_to(open("/dev/null", O_WRONLY | O_CLOEXEC));
	return stderr_copy < 0;
}

static inline int unmute_stderr(void **state)
{
	(void)state;
	stderr_back();
	return 0;
}

/* From here on said() returns what is written to stderr. False if there is no memfd. */
static inline bool stderr_keep(void)
{
	int fd = memfd_create("said", MFD_CLOEXEC);

	if (fd < 0)
		return false;
	said_fd = fcntl(fd, F_DUPFD_CLOEXEC, 0);
	stderr_to(fd);
	return said_fd >= 0 && stderr_copy >= 0;
}

/* Everything written to stderr since the last call. Free with g_free(). */
static inline char *said(void)
{
	off_t len;
	char *text;

	fflush(stderr);
	len = MAX(lseek(said_fd, 0, SEEK_CUR), 0);
	text = g_malloc0((size_t)len + 1);
	if (pread(said_fd, text, (size_t)len, 0) != len || ftruncate(said_fd, 0))
		g_strlcpy(text, "?", (size_t)len + 1);
	lseek(said_fd, 0, SEEK_SET);
	return text;
}

/* Fails the test with the kept text. Restores stderr first, else nobody sees the message. */
static inline void fail_said(const char *what)
{
	g_autofree char *text = said();

	stderr_back();
	fail_msg("%s: %s", what, text);
}

static inline void assert_said(const char *a, const char *b)
{
	g_autofree char *text = said();

	if (strstr(text, a) && strstr(text, b))
		return;
	stderr_back();
	fail_msg("not '%s' … '%s' but: %s", a, b, text);
}

#endif
