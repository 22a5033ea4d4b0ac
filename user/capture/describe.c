/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/describe.h"

#include <string.h>

#include "capture/targets.h"

void describe_exec(struct proctable *pt, const struct tare_exec *exec)
{
	g_autofree char *exe = NULL, *cmdline = NULL;
	struct proctable_proc *p;
	gsize len;

	target_describe(exec->tgid, &exe, &cmdline, &len);
	p = proctable_find_proc(pt, exec->proc);
	if (p && exe && cmdline && len >= exec->argv_len &&
	    !memcmp(cmdline, exec->argv, exec->argv_len))
		proctable_describe(p, exe, NULL, 0);
}

void describe_found(struct proctable *pt)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, pt->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct proctable_proc *p = value;
		g_autofree char *exe = NULL, *cmdline = NULL;
		gsize len;

		if (!p->attached || p->exe)
			continue;
		target_describe(p->pid, &exe, &cmdline, &len);
		proctable_describe(p, exe, cmdline, len);
	}
}
