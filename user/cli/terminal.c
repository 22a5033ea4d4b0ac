/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/terminal.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static unsigned width_of(int fd)
{
	struct winsize size;
	const char *columns = getenv("COLUMNS");

	if (!ioctl(fd, TIOCGWINSZ, &size) && size.ws_col)
		return size.ws_col;
	return columns && atoi(columns) > 0 ? atoi(columns) : TABLE_WIDTH_MIN;
}

struct table_style terminal_style(int fd)
{
	const char *no_colour = getenv("NO_COLOR"), *term = getenv("TERM");
	bool wanted = !(no_colour && *no_colour) && term && strcmp(term, "dumb");

	return (struct table_style){
		.width = fd < 0 ? TABLE_WIDTH_MIN : width_of(fd),
		.colour = fd >= 0 && isatty(fd) && wanted,
	};
}
