/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A profile into the tables of recording.sql.
 */
#include "model/profile.h"

#include "store/recording_format.h"

/* A number that has a value for none. */
static struct db_value number(uint32_t n)
{
	return n == UINT32_MAX ? db_text(NULL) : db_integer(n);
}

static int write_names(const struct db *db, const struct profile *p)
{
	struct insert in = insert_into(db, "modules", "?1, ?2, ?3");

	for (unsigned i = 0; i < p->modules->len; i++) {
		const struct profile_module *m =
			&g_array_index(p->modules, struct profile_module, i);

		insert_row(&in, db_integer(i), db_text(m->path), db_text(m->build_id));
	}
	if (insert_done(&in))
		return in.err;
	in = insert_into(db, "causes", "?1, ?2");
	for (unsigned i = 0; i < p->causes->len; i++)
		insert_row(&in, db_integer(i), db_text(p->causes->pdata[i]));
	return insert_done(&in);
}

static int write_stacks(const struct db *db, const struct profile *p)
{
	struct insert in = insert_into(db, "frames", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10");

	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		insert_row(&in, db_integer(i), db_text(f->function), db_text(f->file),
			   db_integer(f->line), number(f->module), db_integer((int64_t)f->address),
			   db_integer(f->kernel), db_integer(f->inlined), db_integer(f->guessed),
			   db_integer(f->mark));
	}
	if (insert_done(&in))
		return in.err;
	in = insert_into(db, "nodes", "?1, ?2, ?3");
	for (unsigned i = 0; i < p->nodes->len; i++) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);

		insert_row(&in, db_integer(i), number(n->parent), db_integer(n->frame));
	}
	return insert_done(&in);
}

struct places {
	GHashTable *numbers; /* "kind label" -> number */
	struct insert in;
};

static uint32_t place_number(struct places *places, const struct profile_entry *e)
{
	g_autofree char *key = g_strdup_printf("%d %s", (int)e->place, e->place_label);
	gpointer known;
	uint32_t n = g_hash_table_size(places->numbers);

	if (g_hash_table_lookup_extended(places->numbers, key, NULL, &known))
		return GPOINTER_TO_UINT(known);
	g_hash_table_insert(places->numbers, g_steal_pointer(&key), GUINT_TO_POINTER(n));
	insert_row(&places->in, db_integer(n), db_text(place_name[e->place]),
		   db_text(e->place_label));
	return n;
}

/* In the file tasks are numbered through. */
static GArray *first_tasks(const struct report *r)
{
	GArray *first = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint32_t n = 0;

	for (unsigned i = 0; i < r->processes->len; i++) {
		g_array_append_val(first, n);
		n += ((const struct report_process *)r->processes->pdata[i])->tasks->len;
	}
	return first;
}

static struct db_value task_number(const GArray *first, uint32_t process, uint32_t task)
{
	return task == UINT32_MAX ? db_text(NULL) :
				    db_integer(g_array_index(first, uint32_t, process) + task);
}

static int write_entries(const struct db *db, const struct report *r, const GArray *first)
{
	const struct profile *p = r->profile;
	struct places places = {
		g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL),
		insert_into(db, "places", "?1, ?2, ?3"),
	};
	struct insert in =
		insert_into(db, "entries", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12");

	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		insert_row(&in, db_integer(i), db_integer(e->process),
			   task_number(first, e->process, e->task), db_text(kind_name[e->kind]),
			   number(e->cause), number(e->node), db_integer(place_number(&places, e)),
			   db_count(e->count), db_integer(e->bytes[PICTURE_GROWN]),
			   db_integer(e->bytes[PICTURE_LIVE_PEAK]),
			   db_integer(e->bytes[PICTURE_LIVE_END]), number(e->tally));
	}
	g_hash_table_unref(places.numbers);
	insert_done(&in);
	return insert_done(&places.in) ?: in.err;
}

static int write_asked(const struct db *db, const struct profile *p, const GArray *first)
{
	struct insert in = insert_into(db, "asked", "?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9");

	for (unsigned i = 0; i < p->asked->len; i++) {
		const struct profile_asked *a = &g_array_index(p->asked, struct profile_asked, i);

		insert_row(&in, db_integer(i), db_integer(a->process),
			   task_number(first, a->process, a->task), number(a->cause),
			   number(a->node), db_text(a->place_label), db_count(a->count),
			   db_integer(a->bytes),
			   p->untouched_why ? db_text(NULL) : db_integer(a->untouched));
	}
	return insert_done(&in);
}

static int write_ticks(const struct db *db, const struct profile *p)
{
	struct insert in = insert_into(db, "ticks", "?1, ?2, ?3, ?4");

	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);

		insert_row(&in, db_integer(t->slot), db_integer(t->entry), db_count(t->in),
			   db_count(t->out));
	}
	return insert_done(&in);
}

int recording_write_profile(const struct db *db, const struct report *r)
{
	g_autoptr(GArray) first = first_tasks(r);
	const struct profile *p = r->profile;
	int err = write_names(db, p);

	err = err ?: write_stacks(db, p);
	err = err ?: write_entries(db, r, first);
	err = err ?: write_asked(db, p, first);
	return err ?: write_ticks(db, p);
}
