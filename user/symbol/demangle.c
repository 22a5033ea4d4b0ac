/* SPDX-License-Identifier: GPL-2.0-only */
#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/naming.h"

#define MANGLED_MOST 4096

char *naming_demangle(const char *name)
{
	bool likely = g_str_has_prefix(name, "_Z") || g_str_has_prefix(name, "_R") ||
		      g_str_has_prefix(name, "_D");
	char *plain = likely && strlen(name) < MANGLED_MOST ?
			      cplus_demangle(name, DMGL_AUTO | DMGL_ANSI) :
			      NULL;
	char *copy = g_strdup(plain ?: name);

	free(plain);
	return copy;
}
