/* SPDX-License-Identifier: GPL-2.0-only
 *
 * From the rows of a recording to the rows of the live model, as live_read.c does it from the
 * process table.
 */
#include <string.h>

#include "model/live_impl.h"

static void set_text(char **to, const char *text)
{
	if (!g_strcmp0(*to, text))
		return;
	g_free(*to);
	*to = g_strdup(text);
}

static void read_row(struct live *l, const struct live_round *round, unsigned i)
{
	const struct live_row *r = &g_array_index(round->rows, struct live_row, i);
	struct entity *e = live_meet(l, r->tid ? l->tasks : l->procs, r->id);
	struct live_row *row = &e->row;

	set_text(&e->name, r->name ? r->name : "");
	set_text(&e->cgroup, r->cgroup);
	g_strlcpy(e->comm, r->comm ? r->comm : "", sizeof(e->comm));
	e->before = round->resumed || g_array_index(round->before, bool, i);
	row->proc = r->proc;
	row->pid = r->pid;
	row->ppid = r->ppid;
	row->tid = r->tid;
	row->uid = r->uid;
	row->cause = r->cause;
	row->threads = r->tid ? 1 : r->threads;
	row->processes = !r->tid;
	row->name = e->name;
	row->comm = e->comm;
	row->now =
		(struct live_counts){ .in = r->now.in, .out = r->now.out, .faults = r->now.faults };
	memcpy(row->kind, r->kind, sizeof(row->kind));
	if (r->tid)
		return;
	if (!e->causes) /* a recording has the main cause of each row, and no sums by cause */
		e->causes = live_causes_new();
	l->all.row.threads += r->threads;
	for (unsigned k = 0; k < TARE_KINDS; k++)
		l->all.row.kind[k] += r->kind[k];
}

void live_read_rows(struct live *l, const struct live_round *round)
{
	l->all.row.threads = 0;
	for (unsigned i = 0; i < round->rows->len; i++)
		read_row(l, round, i);
	l->all.row.now =
		(struct live_counts){ .in = round->in, .out = round->out, .faults = round->faults };
	l->total.born = round->born;
	l->total.ended = round->ended;
	l->total.lost = round->lost;
	l->total.kmem = round->kmem;
	l->total.kmem_rest = round->kmem_rest;
}
