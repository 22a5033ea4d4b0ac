/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_writer.h"

#include <stdio.h>
#include <string.h>

#define LOOK_EACH 64 /* rows between two looks at the file's size */

struct thing writer_thing(struct writer *w, enum known_sort sort, uint64_t id, bool share,
			  uint32_t index)
{
	static uint64_t none[PARTS_MOST];
	struct known *k = &w->rows->known[sort];
	struct thing thing = { .number = index, .fresh = true };
	uint32_t slot = 0;

	if (!w->last) {
		slot = known_take(k, id, share, &thing.fresh);
		thing.number = k->number[slot];
	}
	for (uint32_t i = 0; i < k->parts; i++) {
		none[i] = 0;
		thing.hash[i] = w->last ? &none[i] : &k->hash[i][slot];
	}
	return thing;
}

struct table table_begin(struct writer *w, const char *name, const char *key)
{
	return (struct table){
		.w = w,
		.name = name,
		.key = key,
		.values = g_array_new(FALSE, FALSE, sizeof(struct db_value)),
	};
}

void table_end(struct table *t)
{
	sqlite3_finalize(t->put);
	sqlite3_finalize(t->clear);
	g_array_unref(t->values);
}

void table_add(struct table *t, const struct db_value *value, unsigned n)
{
	t->columns = n;
	g_array_append_vals(t->values, value, n);
}

static void prepare_statements(struct table *t)
{
	g_autoptr(GString) sql = g_string_new(NULL);
	struct writer *w = t->w;

	g_string_printf(sql, "REPLACE INTO %s VALUES (?1", t->name);
	for (unsigned i = 2; i <= t->columns; i++)
		g_string_append_printf(sql, ", ?%u", i);
	g_string_append_c(sql, ')');
	w->err = db_prepare(w->db, &t->put, sql->str);
}

static void clear_rows(struct table *t, int64_t key)
{
	struct writer *w = t->w;
	char sql[128];

	snprintf(sql, sizeof(sql), "DELETE FROM %s WHERE %s = ?1", t->name, t->key);
	if (!t->clear)
		w->err = db_prepare(w->db, &t->clear, sql);
	if (!w->err)
		w->err = db_run(w->db, t->clear, db_integer(key));
}

void writer_look_at_size(struct writer *w)
{
	if (!w->pages)
		w->err = db_prepare(w->db, &w->pages,
				    "SELECT page_count * page_size FROM pragma_page_count,"
				    " pragma_page_size");
	if (w->err)
		return;
	if (sqlite3_step(w->pages) == SQLITE_ROW &&
	    sqlite3_column_int64(w->pages, 0) > (int64_t)w->most_bytes)
		w->err = WRITER_TOO_LARGE;
	sqlite3_reset(w->pages);
}

static void put_row(struct table *t, const struct db_value *row)
{
	struct writer *w = t->w;

	if (!t->put)
		prepare_statements(t);
	if (!w->err)
		w->err = db_run_n(w->db, t->put, row, t->columns);
	if (!w->err && ++w->puts % LOOK_EACH == 0)
		writer_look_at_size(w);
}

static uint64_t hash_of(const struct table *t)
{
	uint64_t hash = hash_word(t->w->rows->seed, t->values->len);

	for (unsigned i = 0; i < t->values->len; i++) {
		const struct db_value *v = &g_array_index(t->values, struct db_value, i);

		hash = v->type == SQLITE_TEXT ?
			       hash_text(hash, v->text) :
			       hash_word(hash_word(hash, (uint64_t)v->type), (uint64_t)v->integer);
	}
	return hash;
}

void table_flush(struct table *t, uint64_t *hash, int64_t key)
{
	struct writer *w = t->w;
	uint64_t now = w->last ? 0 : hash_of(t);

	if (!w->err && (w->last || now != *hash)) {
		if (t->key && *hash)
			clear_rows(t, key);
		*hash = now;
		for (unsigned i = 0; !w->err && i < t->values->len; i += t->columns)
			put_row(t, &g_array_index(t->values, struct db_value, i));
	}
	g_array_set_size(t->values, 0);
}

void table_placed(struct table *t, enum placed_sort sort, uint32_t position)
{
	uint64_t none = 0;

	table_flush(t, t->w->last ? &none : placed_at(t->w->rows, sort, position), position);
}

/* Cut a text to at most `most` bytes, between two UTF-8 characters. */
static size_t cut_at(const char *text, size_t most)
{
	while (most && (text[most] & 0xc0) == 0x80)
		most--;
	return most;
}

static const char *shorten_text(struct writer *w, const char *text)
{
	char *cut;

	if (strnlen(text, (size_t)w->limits->text + 1) <= w->limits->text)
		return text;
	cut = g_strndup(text, cut_at(text, w->limits->text));
	g_ptr_array_add(w->cuts, cut);
	w->texts_cut++;
	return cut;
}

struct db_value writer_text(struct writer *w, const char *text)
{
	size_t size;

	if (!text)
		return db_text(NULL);
	text = shorten_text(w, text);
	size = strlen(text) + 1;
	if (size > w->text_left) {
		w->texts_cut += size > 1;
		return db_text("");
	}
	w->text_left -= size;
	return db_text(text);
}

struct db_value writer_extra(struct writer *w, const char *text)
{
	size_t size;

	if (!text)
		return db_text(NULL);
	text = shorten_text(w, text);
	size = strlen(text) + 1;
	if (size > w->text_left || size > w->extra_left) {
		w->texts_cut++;
		return db_text(NULL);
	}
	w->extra_left -= size;
	w->text_left -= size;
	return db_text(text);
}

struct db_value writer_vma(struct writer *w, int64_t n, int64_t least, int64_t most)
{
	w->sizes_cut += n < least || n > most;
	return db_integer(CLAMP(n, least, most));
}

struct db_value writer_size(struct writer *w, uint64_t n)
{
	return writer_vma(w, (int64_t)MIN(n, (uint64_t)INT64_MAX), 0, w->limits->number);
}

struct db_value table_bytes(struct table *t, int64_t n)
{
	const struct recording_limits *l = t->w->limits;
	int64_t most = MIN(l->number, l->sum - t->sum);
	struct db_value v = writer_vma(t->w, n, -most, most);

	t->sum += ABS(v.integer);
	return v;
}

struct db_value table_count(struct table *t, uint64_t n)
{
	return table_bytes(t, (int64_t)MIN(n, (uint64_t)INT64_MAX));
}
