/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/mostly.h"

#include "model/frame_rules.h"
#include "model/functions.h"

struct mostly {
	const struct profile *p;
	uint32_t *function; /* of each frame */
	unsigned functions;
	uint32_t *owner; /* the frame that each entry belongs to; NO_FRAME: none */
};

#define NO_FRAME UINT32_MAX

static const struct profile_entry *entry_at(const struct profile *p, uint32_t i)
{
	return &g_array_index(p->entries, struct profile_entry, i);
}

static uint32_t owner_of(const struct profile *p, const struct profile_entry *e)
{
	const char *via;
	uint32_t node, frame;

	if (e->node == NO_NODE)
		return NO_FRAME;
	node = frame_rules_owner(p, e->node, &via);
	frame = g_array_index(p->nodes, struct stack_node, node).frame;
	return g_array_index(p->frames, struct profile_frame, frame).synthetic ? NO_FRAME : frame;
}

struct mostly *mostly_new(const struct profile *p)
{
	struct mostly *m = g_new0(struct mostly, 1);

	m->p = p;
	m->function = functions_number(p, NULL, &m->functions);
	m->owner = g_new(uint32_t, p->entries->len + 1);
	for (uint32_t i = 0; i < p->entries->len; i++)
		m->owner[i] = owner_of(p, entry_at(p, i));
	return m;
}

void mostly_free(struct mostly *m)
{
	if (!m)
		return;
	g_free(m->function);
	g_free(m->owner);
	g_free(m);
}

/* A function with the same sum as another comes after it if its number is larger. */
static uint32_t largest(const int64_t *sum, unsigned n)
{
	uint32_t best = 0;

	for (uint32_t i = 1; i < n; i++)
		if (sum[i] > sum[best])
			best = i;
	return best;
}

/* The entry with most of the function's bytes. */
static uint32_t largest_entry(const struct mostly *m, uint32_t function, mostly_bytes_fn bytes,
			      const void *ctx)
{
	uint32_t best = 0;
	int64_t most = INT64_MIN;

	for (uint32_t i = 0; i < m->p->entries->len; i++) {
		int64_t n;

		if (m->owner[i] == NO_FRAME || m->function[m->owner[i]] != function)
			continue;
		n = bytes(ctx, i);
		if (n > most) {
			most = n;
			best = i;
		}
	}
	return best;
}

bool mostly_find(const struct mostly *m, mostly_bytes_fn bytes, const void *ctx,
		 struct mostly_function *found)
{
	g_autofree int64_t *sum = g_new0(int64_t, m->functions + 1);
	const struct profile_frame *f;
	uint32_t best;

	*found = (struct mostly_function){ 0 };
	for (uint32_t i = 0; i < m->p->entries->len; i++) {
		int64_t n = bytes(ctx, i);

		found->all += n;
		if (m->owner[i] != NO_FRAME)
			sum[m->function[m->owner[i]]] += n;
	}
	best = largest(sum, m->functions);
	if (sum[best] <= 0)
		return false;
	found->bytes = sum[best];
	found->entry = largest_entry(m, best, bytes, ctx);
	f = &g_array_index(m->p->frames, struct profile_frame, m->owner[found->entry]);
	found->title = function_title(*f->function ? f->function : "?", f->file, f->line);
	return true;
}
