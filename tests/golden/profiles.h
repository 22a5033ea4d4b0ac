/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Profiles made by hand, one call at a time, whose sums are the report's totals. For the
 * fixtures and the unit tests.
 */
#ifndef TARE_TESTS_PROFILES_H
#define TARE_TESTS_PROFILES_H

#include <string.h>

#include "model/profile.h"

/* A frame as a test writes it. Fields that are left out are missing in the profile. */
struct code {
	const char *function, *file;
	int line;
	const char *module, *build_id;
	uint64_t address;
	bool kernel, inlined, fallback, synthetic;
};

static uint32_t put_frame(struct profile *p, const struct code *c)
{
	struct profile_frame new = {
		.line = c->line,
		.module = c->module ? profile_module(p, c->module, c->build_id) : NO_MODULE,
		.address = c->address,
		.kernel = c->kernel,
		.inlined = c->inlined,
		.fallback = c->fallback,
		.synthetic = c->synthetic,
	};

	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (!strcmp(f->function, c->function) && !g_strcmp0(f->file, c->file) &&
		    f->line == new.line && f->module == new.module && f->address == new.address &&
		    f->inlined == new.inlined)
			return i;
	}
	new.function = g_strdup(c->function);
	new.file = g_strdup(c->file);
	g_array_append_val(p->frames, new);
	return p->frames->len - 1;
}

/* The stack node of a frame whose caller is `parent` (NO_NODE: none). */
static uint32_t add_node(struct profile *p, uint32_t parent, struct code c)
{
	struct stack_node new = { parent, put_frame(p, &c) };

	for (unsigned i = 0; i < p->nodes->len; i++) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);

		if (n->parent == parent && n->frame == new.frame)
			return i;
	}
	g_array_append_val(p->nodes, new);
	return p->nodes->len - 1;
}

/* One sample per period, or one in all. `cause` NULL: none. */
static void add_sample(struct profile *p, struct profile_entry e, const char *cause,
		       const char *mapping)
{
	e.cause = cause ? profile_cause(p, cause) : NO_CAUSE;
	e.mapping_label = g_strdup(mapping);
	if (cause && !e.count)
		e.count = 1 + (uint64_t)e.bytes[SAMPLE_TYPE_GROWN] / p->period;
	p->samples += e.count;
	p->complete += e.count;
	for (int k = 0; k < SAMPLE_TYPES; k++) {
		p->total[k] += e.bytes[k];
		p->sampled[k] += cause ? (double)e.bytes[k] : 0;
	}
	g_array_append_val(p->entries, e);
}

static __attribute__((unused)) void put_virtual(struct profile *p, struct profile_virtual a,
						const char *cause, const char *mapping)
{
	a.cause = profile_cause(p, cause);
	a.mapping_label = g_strdup(mapping);
	a.count = a.count ?: 1;
	g_array_append_val(p->virtual, a);
}

static int64_t entered(const struct profile *p, uint32_t process, uint32_t task, unsigned kind,
		       enum sample_type sample_type)
{
	int64_t sum = 0;

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->process == process && e->kind == kind &&
		    (task == UINT32_MAX || e->task == task))
			sum += e->bytes[sample_type];
	}
	return sum;
}

static void enter_rest(struct profile *p, uint32_t process, uint32_t task, unsigned kind,
		       enum sample_type sample_type, int64_t total)
{
	struct code none = { .function = "[no sample]",
			     .address = SYNTHETIC_NO_SAMPLE,
			     .synthetic = true };
	struct profile_entry e = { .process = process, .task = task, .kind = kind };

	e.bytes[sample_type] = MAX(total, 0) - entered(p, process, task, kind, sample_type);
	if (e.bytes[sample_type] <= 0)
		return;
	e.node = add_node(p, NO_NODE, none);
	add_sample(p, e, NULL, "unknown");
}

/* As profile_fill() does: adds what the report has beyond the entries below a synthetic
 * frame. */
static __attribute__((unused)) void enter_rests(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (unsigned kind = 0; kind < TARE_KINDS; kind++) {
			if (kind == TARE_SWAP)
				continue;
			for (unsigned j = 0; j < proc->tasks->len; j++) {
				const struct report_task *t = proc->tasks->pdata[j];

				enter_rest(r->profile, i, j, kind, SAMPLE_TYPE_GROWN,
					   (int64_t)t->flow[kind].in);
			}
			enter_rest(r->profile, i, UINT32_MAX, kind, SAMPLE_TYPE_LIVE_PEAK,
				   proc->at_peak[kind]);
			enter_rest(r->profile, i, UINT32_MAX, kind, SAMPLE_TYPE_LIVE_END,
				   proc->balance[kind].net);
		}
	}
}

#endif
