/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/owner.h"

#include <errno.h>
#include <glib.h>
#include <unistd.h>

/* The largest number is (uid_t)-1, which chown() and setresuid() take as "do not change". */
#define ID_MOST (G_MAXUINT32 - 1)

static bool read_id(const char *name, unsigned *id)
{
	const char *text = g_getenv(name);
	guint64 value;

	if (!text || !g_ascii_string_to_unsigned(text, 10, 0, ID_MOST, &value, NULL))
		return false;
	*id = (unsigned)value;
	return true;
}

int owner_by_sudo(struct owner *caller, const char **wrong)
{
	struct owner o = { .set = true };

	*caller = (struct owner){ 0 };
	if (geteuid() || !g_getenv("SUDO_UID"))
		return 0;
	*wrong = !read_id("SUDO_UID", &o.uid) ? "SUDO_UID" :
		 !read_id("SUDO_GID", &o.gid) ? "SUDO_GID" :
						NULL;
	if (*wrong)
		return -EINVAL;
	*caller = o;
	return 0;
}

bool owner_trusts(const struct owner *caller, uid_t uid)
{
	return !uid || uid == geteuid() || (caller && caller->set && uid == caller->uid);
}
