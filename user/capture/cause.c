/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/cause.h"

#include <glib.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdlib.h>

#include "bpf/abi.h"

char *cause_name(uint32_t id)
{
	bool compat = id & TARE_CAUSE_COMPAT;
	int nr = id & ~TARE_CAUSE_COMPAT;
	char *name, *out;

	switch (id) {
	case TARE_CAUSE_FAULT:
		return g_strdup("page fault");
	case TARE_CAUSE_EXIT:
		return g_strdup("exit");
	case TARE_CAUSE_RECLAIM:
		return g_strdup("direct reclaim");
	case TARE_CAUSE_OTHER:
		return g_strdup("other causes");
	}
	name = seccomp_syscall_resolve_num_arch(compat ? ARCH_AUDIT_32 : ARCH_AUDIT, nr);
	if (name)
		out = g_strdup_printf("%s%s", name, compat ? " (32-bit)" : "");
	else
		out = g_strdup_printf("syscall %d%s", nr, compat ? " (32-bit)" : "");
	free(name); /* malloc'ed by libseccomp */
	return out;
}
