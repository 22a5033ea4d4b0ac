/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names, files and stacks of samples, by number.
 */
#include <string.h>

#include "model/samples_impl.h"

static void file_free(gpointer p)
{
	if (p)
		g_free(((struct sample_file *)p)->path);
	g_free(p);
}

static guint file_hash(gconstpointer p)
{
	const struct sample_file *f = p;

	return g_str_hash(f->path) ^ (guint)f->inode ^ f->dev;
}

static gboolean file_equal(gconstpointer a, gconstpointer b)
{
	const struct sample_file *x = a, *y = b;

	return x->inode == y->inode && x->dev == y->dev && !strcmp(x->path, y->path);
}

void samples_names_new(struct samples *s)
{
	s->names = g_ptr_array_new_with_free_func(g_free);
	s->free_names = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s->name_numbers = g_hash_table_new(g_str_hash, g_str_equal);
	s->files = g_ptr_array_new_with_free_func(file_free);
	s->free_files = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	s->file_numbers = g_hash_table_new(file_hash, file_equal);
	samples_name(s, "");
}

void samples_names_free(struct samples *s)
{
	g_hash_table_unref(s->name_numbers);
	g_hash_table_unref(s->file_numbers);
	g_ptr_array_unref(s->names);
	g_ptr_array_unref(s->files);
	g_array_unref(s->free_names);
	g_array_unref(s->free_files);
}

/* Store `what` under a free number, or the next one. Returns the number. */
static uint32_t take_number(GPtrArray *to, GArray *free, gpointer what)
{
	uint32_t number = to->len;

	if (!free->len) {
		g_ptr_array_add(to, what);
		return number;
	}
	number = g_array_index(free, uint32_t, free->len - 1);
	g_array_set_size(free, free->len - 1);
	to->pdata[number] = what;
	return number;
}

uint32_t samples_name(struct samples *s, const char *name)
{
	gpointer number;
	char *copy;

	if (g_hash_table_lookup_extended(s->name_numbers, name, NULL, &number))
		return GPOINTER_TO_UINT(number);
	copy = g_strdup(name);
	number = GUINT_TO_POINTER(take_number(s->names, s->free_names, copy));
	g_hash_table_insert(s->name_numbers, copy, number);
	return GPOINTER_TO_UINT(number);
}

/* Takes the path. */
static uint32_t file_number(struct samples *s, struct sample_file f)
{
	struct sample_file *kept;
	gpointer number;

	if (g_hash_table_lookup_extended(s->file_numbers, &f, NULL, &number)) {
		g_free(f.path);
		return GPOINTER_TO_UINT(number);
	}
	kept = g_memdup2(&f, sizeof(f));
	number = GUINT_TO_POINTER(take_number(s->files, s->free_files, kept));
	g_hash_table_insert(s->file_numbers, kept, number);
	return GPOINTER_TO_UINT(number);
}

uint32_t samples_file(struct samples *s, const struct tare_file *file)
{
	unsigned n = MIN(file->names, TARE_PATH_PARTS);
	struct sample_file f = {
		.inode = file->inode,
		.dev = file->dev,
		.deleted = file->deleted,
		.whole = file->names < TARE_PATH_PARTS,
	};
	GString *path = g_string_new(NULL);

	for (unsigned i = n; i-- > 0;) {
		size_t len = strnlen(file->name[i], TARE_PART_LEN);

		f.whole &= len < TARE_PART_LEN - 1;
		if (len == 1 && file->name[i][0] == '/')
			continue;
		g_string_append_c(path, '/');
		g_string_append_len(path, file->name[i], len);
	}
	if (file->deleted) /* as /proc has it */
		g_string_append(path, " (deleted)");
	f.path = g_string_free(path, FALSE);
	return file_number(s, f);
}

uint32_t samples_file_named(struct samples *s, uint32_t dev, uint64_t inode, const char *path)
{
	return file_number(
		s, (struct sample_file){
			   .inode = inode, .dev = dev, .path = g_strdup(path), .whole = true });
}

void samples_forget_name(struct samples *s, uint32_t number)
{
	g_hash_table_remove(s->name_numbers, s->names->pdata[number]);
	g_clear_pointer(&s->names->pdata[number], g_free);
	g_array_append_val(s->free_names, number);
}

void samples_forget_file(struct samples *s, uint32_t number)
{
	g_hash_table_remove(s->file_numbers, s->files->pdata[number]);
	g_clear_pointer(&s->files->pdata[number], file_free);
	g_array_append_val(s->free_files, number);
	if (s->watch.file_gone)
		s->watch.file_gone(s->watch.ctx, number);
}

enum mapping_kind samples_mapping(const char *path)
{
	static const char *const shared[] = { "/memfd:", "/dev/shm/", "/SYSV", "/dev/zero" };

	if (strstr(path, "[io_uring]"))
		return MAPPING_URING;
	for (unsigned i = 0; i < G_N_ELEMENTS(shared); i++)
		if (g_str_has_prefix(path, shared[i]))
			return MAPPING_SHM;
	return MAPPING_FILE;
}

uint32_t samples_push(struct samples *s, uint32_t node, const struct frame *f)
{
	struct stack_node n = { node, intern_put(s->frames, f) };

	return intern_put(s->nodes, &n);
}
