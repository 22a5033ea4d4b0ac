/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The report as one table for spreadsheets and pandas: the stacks, or the ledger if there
 * are no samples. All sizes are bytes.
 */
#include "output/fields.h"
#include "output/output.h"
#include "model/view.h"

static const char *const who_columns[] = { "process", "pid", "thread", "tid", "kind" };
static const char *const sample_columns[] = { "cause",     "mapping", "function", "source",
					      "module",    "stack",   "samples",  "grown",
					      "live_peak", "live_end" };
/* Last column: the number of processes or threads in the row. */
static const char *const count_column[] = { "count" };
static const char *const virtual_columns[] = { "virtual", "untouched" };
static const char *const ledger_columns[] = { "initial",      "in",  "out",
					      "unattributed", "net", "at_peak" };

static void add_names(struct fields *f, const char *const *name, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		fields_text(f, name[i]);
}

/* NULL: the row is not about one process, thread or kind. */
static void add_who(struct fields *f, const struct report_process *p, const struct report_task *t,
		    const char *kind)
{
	fields_text(f, p ? p->comm : NULL);
	fields_int(f, p && p->count == 1 ? p->pid : FIELD_UNKNOWN);
	fields_text(f, t ? t->comm : NULL);
	fields_int(f, t && t->count == 1 ? t->tid : FIELD_UNKNOWN);
	fields_text(f, kind);
}

static void add_exit(struct fields *f, const struct report_process *p, const struct report_task *t)
{
	fields_int(f, t ? (int64_t)t->count : p ? (int64_t)p->count : FIELD_UNKNOWN);
	fields_end(f);
}

/* Functions from the outermost to the innermost, separated by semicolons, as in folded
 * stacks. */
static void whole_stack(struct fields *f, const struct profile *p, const GArray *up)
{
	GString *text = g_string_new(NULL);

	for (unsigned i = up->len; i-- > 0;) {
		const struct profile_frame *frame = &g_array_index(p->frames, struct profile_frame,
								   g_array_index(up, uint32_t, i));
		g_autofree char *name = g_strdelimit(g_strdup(frame->function), ";", ':');

		g_string_append_printf(text, "%s%s", text->len ? ";" : "", *name ? name : "?");
	}
	fields_text(f, text->str);
	g_string_free(text, TRUE);
}

static void add_where(struct fields *f, const struct profile *p, uint32_t node)
{
	g_autoptr(GArray) up = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	const struct profile_frame *inner = NULL;
	g_autofree char *source = NULL;

	profile_stack(p, node, up);
	if (up->len)
		inner = &g_array_index(p->frames, struct profile_frame,
				       g_array_index(up, uint32_t, 0));
	if (inner && inner->file)
		source = g_strdup_printf("%s:%d", inner->file, inner->line);
	fields_text(f, inner ? inner->function : NULL);
	fields_text(f, source);
	fields_text(f, inner ? profile_module_path(p, inner->module) : NULL);
	whole_stack(f, p, up);
}

static const struct report_task *task_of(const struct report_process *p, uint32_t task)
{
	return task < p->tasks->len ? p->tasks->pdata[task] : NULL;
}

static void add_entry_row(struct fields *f, const struct report *r, const struct profile_entry *e)
{
	const struct report_process *p = r->processes->pdata[e->process];
	const struct report_task *t = task_of(p, e->task);

	add_who(f, p, t, kind_name[e->kind]);
	fields_text(f, profile_cause_name(r->profile, e->cause));
	fields_text(f, e->mapping_label);
	add_where(f, r->profile, e->node);
	fields_int(f, (int64_t)e->count);
	for (int k = 0; k < SAMPLE_TYPES; k++)
		fields_int(f, e->bytes[k]);
	fields_blank(f, profile_sample_types(r->profile) - SAMPLE_TYPES);
	add_exit(f, p, t);
}

/* A row of address space: its column `kind` is empty, because it is not memory. */
static void virtual(struct fields *f, const struct report *r, const struct profile_virtual *a)
{
	const struct report_process *p = r->processes->pdata[a->process];
	const struct report_task *t = task_of(p, a->task);

	add_who(f, p, t, NULL);
	fields_text(f, profile_cause_name(r->profile, a->cause));
	fields_text(f, a->mapping_label);
	add_where(f, r->profile, a->node);
	fields_int(f, (int64_t)a->count);
	fields_blank(f, SAMPLE_TYPES);
	fields_int(f, a->bytes);
	if (!r->profile->untouched_why)
		fields_int(f, a->untouched);
	add_exit(f, p, t);
}

static void add_samples(struct fields *f, const struct report *r)
{
	const struct profile *p = r->profile;

	add_names(f, who_columns, G_N_ELEMENTS(who_columns));
	add_names(f, sample_columns, G_N_ELEMENTS(sample_columns));
	add_names(f, virtual_columns, profile_sample_types(p) - SAMPLE_TYPES);
	add_names(f, count_column, 1);
	fields_end(f);
	for (unsigned i = 0; i < p->entries->len; i++)
		add_entry_row(f, r, &g_array_index(p->entries, struct profile_entry, i));
	for (unsigned i = 0; !p->virtual_why && i < p->virtual->len; i++)
		virtual(f, r, &g_array_index(p->virtual, struct profile_virtual, i));
}

/* FIELD_UNKNOWN: not known. */
struct line {
	int64_t initial, in, out, unattributed, net, at_peak;
};

static void ledger_line(struct fields *f, const struct report_process *p,
			const struct report_task *t, const char *kind, const struct line *l)
{
	const int64_t value[] = { l->initial, l->in, l->out, l->unattributed, l->net, l->at_peak };
	bool any = false;

	for (unsigned i = 0; i < G_N_ELEMENTS(value); i++)
		any |= value[i] && (p == NULL || value[i] != FIELD_UNKNOWN);
	if (!any)
		return;
	add_who(f, p, t, kind);
	for (unsigned i = 0; i < G_N_ELEMENTS(value); i++)
		fields_int(f, value[i]);
	add_exit(f, p, t);
}

/* Rows of a known kind: the threads, then the rest of the process. */
static void ledger_process(struct fields *f, const struct report *r, const struct report_process *p,
			   enum tare_kind kind)
{
	const struct balance *b = &p->balance[kind];
	/* Kernel memory freed by others cannot be assigned to a process. */
	bool nonowner = kind != TARE_KMEM;
	struct line rest = {
		.initial = b->initial,
		.in = nonowner ? (int64_t)b->nonowner.in : FIELD_UNKNOWN,
		.out = nonowner ? (int64_t)b->nonowner.out : FIELD_UNKNOWN,
		.unattributed = view_checked(r, kind, false) ? b->unattributed : FIELD_UNKNOWN,
		.net = b->net,
		.at_peak = p->at_peak[kind],
	};

	for (unsigned i = 0; i < p->tasks->len; i++) {
		const struct report_task *t = p->tasks->pdata[i];
		struct line l = {
			/* These exist only per process. */
			.initial = FIELD_UNKNOWN,        .unattributed = FIELD_UNKNOWN,
			.in = (int64_t)t->flow[kind].in, .out = (int64_t)t->flow[kind].out,
			.net = flow_net(t->flow[kind]),  .at_peak = t->at_peak[kind],
		};

		rest.net -= l.net;
		rest.at_peak -= l.at_peak;
		ledger_line(f, p, t, kind_name[kind], &l);
	}
	ledger_line(f, p, NULL, kind_name[kind], &rest);
}

/* The rest that belongs to no process: kernel memory, and kinds not known by task. */
static void ledger_workload(struct fields *f, const struct report *r, enum tare_kind kind)
{
	struct view_held now = view_now(r), peak = view_at_peak(r);
	const struct balance *b = &r->totals[kind];
	struct line l = { b->initial,      (int64_t)b->nonowner.in, (int64_t)b->nonowner.out,
			  b->unattributed, now.kind[kind],          peak.kind[kind] };
	bool known = report_kind(r, kind), whole = known && (kind != TARE_KMEM || r->kmem.whole);

	for (unsigned i = 0; known && i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		l.initial -= p->balance[kind].initial;
		l.in -= (int64_t)p->balance[kind].nonowner.in;
		l.out -= (int64_t)p->balance[kind].nonowner.out;
		l.unattributed -= p->balance[kind].unattributed;
		l.net -= p->balance[kind].net;
		l.at_peak -= p->at_peak[kind];
	}
	if (!whole)
		l.initial = l.in = l.out = FIELD_UNKNOWN;
	if (!view_checked(r, kind, true))
		l.unattributed = FIELD_UNKNOWN;
	if (!now.known[kind])
		l.net = FIELD_UNKNOWN;
	if (!peak.known[kind])
		l.at_peak = FIELD_UNKNOWN;
	ledger_line(f, NULL, NULL, kind_name[kind], &l);
}

static void add_ledger(struct fields *f, const struct report *r)
{
	struct line sockets = { FIELD_UNKNOWN, FIELD_UNKNOWN,    FIELD_UNKNOWN,
				FIELD_UNKNOWN, view_now(r).sock, view_at_peak(r).sock };

	add_names(f, who_columns, G_N_ELEMENTS(who_columns));
	add_names(f, ledger_columns, G_N_ELEMENTS(ledger_columns));
	add_names(f, count_column, 1);
	fields_end(f);
	for (int i = 0; i < TARE_KINDS; i++)
		for (unsigned n = 0; report_kind(r, kind_order[i]) && n < r->processes->len; n++)
			ledger_process(f, r, r->processes->pdata[n], kind_order[i]);
	for (int i = 0; i < TARE_KINDS; i++)
		ledger_workload(f, r, kind_order[i]);
	if (sockets.net || sockets.at_peak) /* cgroup v1 has a separate counter */
		ledger_line(f, NULL, NULL, "sockets", &sockets);
}

GString *csv_render(const struct report *r)
{
	struct fields f = { .out = g_string_new(NULL) };

	if (r->profile)
		add_samples(&f, r);
	else
		add_ledger(&f, r);
	return f.out;
}
