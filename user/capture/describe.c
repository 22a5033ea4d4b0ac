/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/describe.h"

#include <string.h>

#include "base/proc.h"
#include "base/process.h"

#include "capture/targets.h"
#include "model/title.h"

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

#define TITLES_NS 200000000ULL /* between two calls that read titles */
#define TITLES_MOST 128        /* processes in such a call */
#define TITLES_NOW 4096        /* processes in a call for a report */
#define TITLE_BYTES 4096
/* No titles of younger processes: a process that lives for some milliseconds has no title to tell
 * it apart. And /proc/PID/cmdline holds the address space while it is read: the memory of a process
 * that ends meanwhile is freed by tare, and shown as freed by others. */
#define TITLE_AGE_NS 100000000ULL

/* Does the pid still belong to the process, and has it not executed another program? */
static bool still_there(const struct proctable_proc *p)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/comm", p->pid), *comm = NULL;

	if (!g_file_get_contents(path, &comm, NULL, NULL))
		return false;
	g_strchomp(comm);
	return !g_strcmp0(comm, p->comm) &&
	       (!p->start_ns || process_started_by((pid_t)p->pid, p->start_ns));
}

static void look_for_title(struct proctable_proc *p)
{
	g_autoptr(GPtrArray) argv = g_ptr_array_new();
	g_autofree char *exe = NULL, *cmdline = NULL;
	gsize len;

	target_describe((pid_t)p->pid, &exe, &cmdline, &len);
	if (!cmdline || !len || !still_there(p))
		return;
	g_ptr_array_add(argv, cmdline); /* the first argument ends with a NUL */
	if (title_rewritten(argv))
		proctable_describe(p, NULL, cmdline, MIN(len, TITLE_BYTES));
}

void describe_titles(struct proctable *pt, uint64_t now_ns, bool now)
{
	unsigned looked = 0, most = now ? TITLES_NOW : TITLES_MOST;
	GHashTableIter iter;
	gpointer value;

	if (!now && now_ns < pt->titles_ns + TITLES_NS)
		return;
	pt->titles_ns = now_ns;
	if (!pt->titles || now)
		pt->titles++;
	g_hash_table_iter_init(&iter, pt->procs);
	while (looked < most && g_hash_table_iter_next(&iter, NULL, &value)) {
		struct proctable_proc *p = value;

		if (!p->living || p->fold || p->titles == pt->titles ||
		    now_ns < p->start_ns + TITLE_AGE_NS)
			continue;
		p->titles = pt->titles;
		look_for_title(p);
		looked++;
	}
	if (looked < most) /* all processes were read: begin the next round */
		pt->titles++;
}
