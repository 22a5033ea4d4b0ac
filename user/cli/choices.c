/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/choices.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "base/fileout.h"
#include "capture/launch.h"
#include "cli/optspec.h"

int choice_format(const char *value, const struct format **format)
{
	g_autofree char *names = NULL;

	*format = format_named(value);
	if (*format)
		return 0;
	names = format_names();
	return optspec_bad("format", value, names);
}

int choice_picture(const char *value, enum picture *picture)
{
	for (int i = 0; i < PICTURES_ALL; i++)
		if (!strcmp(value, picture_name[i])) {
			*picture = i;
			return 0;
		}
	return optspec_bad("picture", value, "grown, live-peak, live-end, asked or untouched");
}

int choice_threads(const char *value, bool *all)
{
	if (strcmp(value, "all") && strcmp(value, "grouped"))
		return optspec_bad("threads", value, "all or grouped");
	*all = !strcmp(value, "all");
	return 0;
}

void choice_warn(const struct report *r, const struct format *format, enum picture picture)
{
	const struct profile *p = r->profile;

	if (!p || !format->stacks)
		return;
	if (picture == PICTURE_ASKED && p->asked_why)
		warn("what was asked for is not measured: %s", p->asked_why);
	if (picture == PICTURE_UNTOUCHED && p->untouched_why)
		warn("what is untouched is not measured: %s", p->untouched_why);
	if (p->lost.samples)
		warn("%" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
		     " samples did not fit into the buffer: a larger --period takes fewer",
		     p->lost.samples, p->lost.samples + p->samples);
	if (p->lost.ranges)
		warn("%" G_GUINT64_FORMAT " changes of address spaces did not fit into the "
		     "buffer: names and live pictures may be wrong",
		     p->lost.ranges);
}

int choice_deliver(const char *output, const char *text, size_t len)
{
	struct launch_user user = { 0 };
	struct fileout_owner owner;

	if (!output)
		return fwrite(text, 1, len, stdout) == len ? 0 : -EIO;
	launch_user(&(struct launch_config){ 0 }, &user);
	owner = (struct fileout_owner){ user.set, user.uid, user.gid };
	return fileout_write(output, text, len, &owner);
}
