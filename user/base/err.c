/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/err.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/fileout.h"
#include "base/text.h"

int err_verbosity;

static void say(const char *label, const char *fmt, va_list args)
{
	g_autofree char *raw = g_strdup_vprintf(fmt, args);
	g_autofree char *safe = text_printable(raw);
	g_autofree char *line = g_strdup_printf("tare: %s%s\n", label, safe);
	int before = errno;

	/* Not by stdio: it would wait for a reader and not hear SIGTERM. */
	fileout_stream(STDERR_FILENO, line, strlen(line));
	errno = before;
}

#define SAY(label)                     \
	do {                           \
		va_list args;          \
		va_start(args, fmt);   \
		say(label, fmt, args); \
		va_end(args);          \
	} while (0)

void error(const char *fmt, ...)
{
	SAY("error: ");
}

void warn(const char *fmt, ...)
{
	SAY("warning: ");
}

void hint(const char *fmt, ...)
{
	SAY("  try: ");
}

void verbose(int level, const char *fmt, ...)
{
	if (err_verbosity >= level)
		SAY("");
}
