/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writes a profile into the tables of recording.sql.
 */
#include "model/profile.h"

#include "store/recording_writer.h"

#define NONE UINT32_MAX

/* Numbers of rows in the file, by index in the profile. */
struct numbers {
	struct writer *w;
	const struct profile *p;
	uint32_t *modules, *causes, *frames, *nodes;
};

static struct db_value number_value(const uint32_t *of, uint32_t n)
{
	return n == NONE ? db_text(NULL) : db_integer(of[n]);
}

static uint64_t or_none(const uint32_t *of, uint32_t n)
{
	return n == NONE ? UINT64_MAX : of[n];
}

/* Write a row that never changes, if the thing is new. */
static void put_fixed(struct table *t, const struct thing *thing)
{
	uint64_t none = 0;

	if (thing->fresh)
		table_flush(t, &none, thing->number);
	g_array_set_size(t->values, 0);
}

static void write_modules(struct numbers *n)
{
	struct writer *w = n->w;
	struct table t = table_begin(w, "modules", NULL);

	for (unsigned i = 0; i < n->p->modules->len; i++) {
		const struct profile_module *m =
			&g_array_index(n->p->modules, struct profile_module, i);
		uint64_t id = hash_text(hash_text(w->rows->seed, m->path), m->build_id);
		struct thing thing = writer_thing(w, KNOWN_MODULES, id, true, i);

		n->modules[i] = thing.number;
		table_row(&t, db_integer(thing.number), writer_text(w, m->path),
			  writer_extra(w, m->build_id));
		put_fixed(&t, &thing);
	}
	table_end(&t);
}

static void write_causes(struct numbers *n)
{
	struct writer *w = n->w;
	struct table t = table_begin(w, "causes", NULL);

	for (unsigned i = 0; i < n->p->causes->len; i++) {
		const char *name = n->p->causes->pdata[i];
		struct thing thing =
			writer_thing(w, KNOWN_CAUSES, hash_text(w->rows->seed, name), true, i);

		n->causes[i] = thing.number;
		table_row(&t, db_integer(thing.number), writer_text(w, name));
		put_fixed(&t, &thing);
	}
	table_end(&t);
}

static uint64_t frame_id(const struct numbers *n, const struct profile_frame *f)
{
	uint64_t id = hash_text(hash_text(n->w->rows->seed, f->function), f->file);

	id = hash_word(hash_word(id, (uint64_t)f->line), or_none(n->modules, f->module));
	id = hash_word(id, f->address);
	return hash_word(id, f->kernel | f->inlined << 1 | f->fallback << 2 | f->synthetic << 3);
}

static void write_frames(struct numbers *n)
{
	struct writer *w = n->w;
	struct table t = table_begin(w, "frames", NULL);

	for (unsigned i = 0; !w->err && i < n->p->frames->len; i++) {
		const struct profile_frame *f =
			&g_array_index(n->p->frames, struct profile_frame, i);
		struct thing thing = writer_thing(w, KNOWN_FRAMES, frame_id(n, f), true, i);

		n->frames[i] = thing.number;
		table_row(&t, db_integer(thing.number), writer_text(w, f->function),
			  writer_extra(w, f->file), db_integer(f->line),
			  number_value(n->modules, f->module), db_integer((int64_t)f->address),
			  db_integer(f->kernel), db_integer(f->inlined), db_integer(f->fallback),
			  db_integer(f->synthetic));
		put_fixed(&t, &thing);
	}
	table_end(&t);
}

static void write_node(struct numbers *n, struct table *t, uint32_t i)
{
	struct writer *w = n->w;
	const struct stack_node *node = &g_array_index(n->p->nodes, struct stack_node, i);
	uint64_t id = hash_word(w->rows->seed, n->frames[node->frame]);
	struct thing thing;

	/* The last checkpoint uses the profile's numbers, so a parent's may be larger. */
	id = w->last ? i : hash_word(id, or_none(n->nodes, node->parent));
	thing = writer_thing(w, KNOWN_NODES, id, true, i);
	n->nodes[i] = thing.number;
	table_row(t, db_integer(thing.number),
		  w->last && node->parent != NONE ? db_integer(node->parent) :
						    number_value(n->nodes, node->parent),
		  db_integer(n->frames[node->frame]));
	put_fixed(t, &thing);
}

/* A node's identity has its parent's number: so parents come first, wherever they are. */
static void write_nodes(struct numbers *n)
{
	struct writer *w = n->w;
	struct table t = table_begin(w, "nodes", NULL);
	g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(uint32_t));

	for (uint32_t i = 0; i < n->p->nodes->len; i++)
		n->nodes[i] = NONE;
	for (uint32_t i = 0; !w->err && i < n->p->nodes->len; i++) {
		for (uint32_t at = i; at != NONE && n->nodes[at] == NONE;
		     at = g_array_index(n->p->nodes, struct stack_node, at).parent) {
			g_array_append_val(way, at);
			if (w->last)
				break;
		}
		for (unsigned j = way->len; j-- > 0;)
			write_node(n, &t, g_array_index(way, uint32_t, j));
		g_array_set_size(way, 0);
	}
	table_end(&t);
}

static uint32_t mapping_number(struct writer *w, struct table *t, const struct profile_entry *e)
{
	struct known *k = &w->rows->known[KNOWN_MAPPINGS];
	struct thing thing;
	uint64_t id = hash_text(hash_word(w->rows->seed, e->mapping), e->mapping_label);
	uint32_t slot;

	/* Also in the last checkpoint: a profile has no numbers of mappings. */
	slot = known_take(k, id, true, &thing.fresh); /* may reallocate k->number */
	thing.number = k->number[slot];
	if (!thing.fresh)
		return thing.number;
	table_row(t, db_integer(thing.number), db_text(mapping_name[e->mapping]),
		  writer_text(w, e->mapping_label));
	put_fixed(t, &thing);
	return thing.number;
}

static uint32_t task_number(const struct writer *w, uint32_t process, uint32_t task)
{
	return task == NONE ? NONE : w->task_number[w->first_task[process] + task];
}

static void write_entry(struct numbers *n, struct table *t, struct table *mappings, uint32_t i,
			uint32_t *numbers)
{
	struct writer *w = n->w;
	const struct profile_entry *e = &g_array_index(n->p->entries, struct profile_entry, i);
	uint32_t mapping = mapping_number(w, mappings, e),
		 task = task_number(w, e->process, e->task);
	uint64_t id = hash_word(hash_word(w->rows->seed, w->process_number[e->process]), task);
	struct thing thing;

	id = hash_word(hash_word(id, e->kind), or_none(n->causes, e->cause));
	id = hash_word(hash_word(id, or_none(n->nodes, e->node)), mapping);
	thing = writer_thing(w, KNOWN_ENTRIES, id, false, i);
	numbers[i] = thing.number;
	table_row(t, db_integer(thing.number), db_integer(w->process_number[e->process]),
		  task == NONE ? db_text(NULL) : db_integer(task), db_text(kind_name[e->kind]),
		  number_value(n->causes, e->cause), number_value(n->nodes, e->node),
		  db_integer(mapping), table_count(t, e->count),
		  table_bytes(t, e->bytes[SAMPLE_TYPE_GROWN]),
		  table_bytes(t, e->bytes[SAMPLE_TYPE_LIVE_PEAK]),
		  table_bytes(t, e->bytes[SAMPLE_TYPE_LIVE_END]),
		  e->aggregate == NONE ? db_text(NULL) : db_integer(e->aggregate));
	table_flush(t, thing.hash[0], thing.number);
}

static void write_virtual(struct numbers *n)
{
	struct writer *w = n->w;
	struct table t = table_begin(w, "asked", NULL);

	for (unsigned i = 0; !w->err && i < n->p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(n->p->virtual, struct profile_virtual, i);
		uint32_t task = task_number(w, a->process, a->task);
		uint64_t id = hash_word(w->rows->seed, w->process_number[a->process]);
		struct thing thing;

		id = hash_word(hash_word(id, task), or_none(n->causes, a->cause));
		id = hash_text(hash_word(id, or_none(n->nodes, a->node)), a->mapping_label);
		thing = writer_thing(w, KNOWN_VIRTUAL, id, false, i);
		table_row(&t, db_integer(thing.number), db_integer(w->process_number[a->process]),
			  task == NONE ? db_text(NULL) : db_integer(task),
			  number_value(n->causes, a->cause), number_value(n->nodes, a->node),
			  writer_text(w, a->mapping_label), table_count(&t, a->count),
			  table_count(&t, (uint64_t)MAX(a->bytes, 0)),
			  n->p->untouched_why ? db_text(NULL) :
						table_count(&t, (uint64_t)MAX(a->untouched, 0)));
		table_flush(&t, thing.hash[0], thing.number);
	}
	table_end(&t);
}

/* A slot of the past seldom changes, so each slot is written as a whole. */
static void write_ticks(struct numbers *n, const uint32_t *entries)
{
	const GArray *ticks = n->p->ticks;
	struct writer *w = n->w;
	struct table t = table_begin(w, "ticks", "slot");
	unsigned i = 0;

	for (uint32_t slot = 0; !w->err && slot < w->limits->slots; slot++) {
		for (; i < ticks->len; i++) {
			const struct profile_tick *tick =
				&g_array_index(ticks, struct profile_tick, i);

			if (tick->slot != slot)
				break;
			table_row(&t, db_integer(slot), db_integer(entries[tick->entry]),
				  table_count(&t, tick->in), table_count(&t, tick->out));
		}
		table_placed(&t, PLACED_TICKS, slot);
	}
	table_end(&t);
}

static void write_entries(struct numbers *n)
{
	struct writer *w = n->w;
	g_autofree uint32_t *numbers = g_new0(uint32_t, n->p->entries->len + 1);
	struct table mappings = table_begin(w, "places", NULL);
	struct table t = table_begin(w, "entries", NULL);

	for (unsigned i = 0; !w->err && i < n->p->entries->len; i++)
		write_entry(n, &t, &mappings, i, numbers);
	table_end(&t);
	table_end(&mappings);
	write_ticks(n, numbers);
}

void writer_profile(struct writer *w)
{
	const struct profile *p = w->report->profile;
	g_autofree uint32_t *modules = g_new0(uint32_t, p->modules->len + 1);
	g_autofree uint32_t *causes = g_new0(uint32_t, p->causes->len + 1);
	g_autofree uint32_t *frames = g_new0(uint32_t, p->frames->len + 1);
	g_autofree uint32_t *nodes = g_new0(uint32_t, p->nodes->len + 1);
	struct numbers n = { w, p, modules, causes, frames, nodes };

	write_modules(&n);
	write_causes(&n);
	write_frames(&n);
	write_nodes(&n);
	write_entries(&n);
	write_virtual(&n);
}
