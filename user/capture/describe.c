/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/describe.h"

#include <string.h>

#include "capture/targets.h"

void describe_exec(struct world *w, const struct tare_exec *exec)
{
	g_autofree char *exe = NULL, *cmdline = NULL;
	struct world_proc *p;
	gsize len;

	target_describe(exec->tgid, &exe, &cmdline, &len);
	p = world_find_proc(w, exec->proc);
	if (p && exe && cmdline && len >= exec->argv_len &&
	    !memcmp(cmdline, exec->argv, exec->argv_len))
		world_describe(p, exe, NULL, 0);
}

void describe_found(struct world *w)
{
	GHashTableIter iter;
	gpointer value;

	g_hash_table_iter_init(&iter, w->procs);
	while (g_hash_table_iter_next(&iter, NULL, &value)) {
		struct world_proc *p = value;
		g_autofree char *exe = NULL, *cmdline = NULL;
		gsize len;

		if (!p->attached || p->exe)
			continue;
		target_describe(p->pid, &exe, &cmdline, &len);
		world_describe(p, exe, cmdline, len);
	}
}
