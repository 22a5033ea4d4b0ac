/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/log.h"

#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/fileout.h"
#include "base/text.h"

int log_verbosity;

static void log_line(const char *label, const char *fmt, va_list args)
{
	g_autofree char *raw = g_strdup_vprintf(fmt, args);
	g_autofree char *safe = text_printable(raw);
	g_autofree char *line = g_strdup_printf("tare: %s%s\n", label, safe);
	int before = errno;

	/* Not with stdio: that would block until somebody reads, and SIGTERM would not end it. */
	fileout_stream(STDERR_FILENO, line, strlen(line));
	errno = before;
}

#define LOG(label)                          \
	do {                                \
		va_list args;               \
		va_start(args, fmt);        \
		log_line(label, fmt, args); \
		va_end(args);               \
	} while (0)

void log_error(const char *fmt, ...)
{
	LOG("error: ");
}

void log_warn(const char *fmt, ...)
{
	LOG("warning: ");
}

void log_hint(const char *fmt, ...)
{
	LOG("  try: ");
}

void log_note(const char *fmt, ...)
{
	LOG("");
}

void log_verbose(int level, const char *fmt, ...)
{
	if (log_verbosity >= level)
		LOG("");
}
