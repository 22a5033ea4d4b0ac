/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/mounts.h"

#include <glib.h>
#include <string.h>

/* proc(5): "36 35 98:0 /root /mount/point rw,noatime shared:1 - ext3 /dev/root rw,errors=continue":
 * any number of optional fields before the dash. */
enum { MOUNT_POINT = 4, OPTIONAL = 6 };

static gboolean has_option(const char *options, const char *option)
{
	g_auto(GStrv) list = g_strsplit(options, ",", -1);

	return g_strv_contains((const char *const *)list, option);
}

static char *mount_point(const char *line, const char *type, const char *option)
{
	g_auto(GStrv) field = g_strsplit(line, " ", -1);
	guint n = g_strv_length(field);
	guint dash = OPTIONAL;

	while (dash < n && strcmp(field[dash], "-"))
		dash++;
	if (dash + 3 >= n || strcmp(field[dash + 1], type))
		return NULL;
	if (option && !has_option(field[dash + 3], option))
		return NULL;
	return g_strcompress(field[MOUNT_POINT]); /* a blank is written \040 */
}

char *mounts_find(const char *mountinfo, const char *type, const char *option)
{
	g_auto(GStrv) line = g_strsplit(mountinfo, "\n", -1);

	for (guint i = 0; line[i]; i++) {
		char *point = mount_point(line[i], type, option);

		if (point)
			return point;
	}
	return NULL;
}
