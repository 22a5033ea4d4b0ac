/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The modules of a session, by the numbers of their files. The numbers of open files and of
 * symbols are bounded: the least recently used module is closed, and reopened when it is needed.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/auxv.h>
#include <sys/resource.h>

#include "base/log.h"
#include "base/proc.h"
#include "symbol/module_impl.h"
#include "symbol/weight.h"

#define MODULES_OPEN 512
#define SYMBOLS_KEPT 200000 /* about 100 bytes each, with the name */
/* Bytes of line programs in memory. libdw makes at most one row of about 100 bytes of a byte. */
#define LINES_MOST (16 << 20)
#define VDSO_MOST (64 << 10)

/* A file by its number. */
struct known {
	struct module *module; /* NULL: closed, or could not be opened */
	bool failed;           /* could not be opened; it is not tried again */
	struct module_source source;
	char *path;
	uint64_t used; /* modules->clock at the last use */
};

struct modules {
	GHashTable *by_file; /* number -> struct known */
	unsigned open, open_most;
	uint64_t weight;     /* sum of the open modules, bytes */
	uint64_t lines_left; /* of LINES_MOST */
	uint64_t clock;      /* counts uses */
};

static void known_free(gpointer p)
{
	struct known *k = p;

	module_free(k->module);
	g_free(k->path);
	g_free(k);
}

struct modules *modules_new(void)
{
	struct modules *m = g_new0(struct modules, 1);
	struct rlimit files = { .rlim_cur = 1024 };

	elf_version(EV_CURRENT);
	getrlimit(RLIMIT_NOFILE, &files);
	m->open_most = MAX(MIN(files.rlim_cur / 8, MODULES_OPEN), 8);
	m->lines_left = LINES_MOST;
	m->by_file = g_hash_table_new_full(NULL, NULL, NULL, known_free);
	return m;
}

void modules_free(struct modules *m)
{
	if (!m)
		return;
	g_hash_table_unref(m->by_file);
	g_free(m);
}

/* Close the least recently used module. The vDSO stays, since it has no file to reopen. */
static void close_oldest(struct modules *ms)
{
	struct known *oldest = NULL, *k;
	GHashTableIter iter;

	g_hash_table_iter_init(&iter, ms->by_file);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&k))
		if (k->module && k->module->fd >= 0 && (!oldest || k->used < oldest->used))
			oldest = k;
	if (!oldest)
		return;
	/* Reopen it by its path, since the mapping may be gone by then. The inode makes sure that
	 * it is the same file. */
	oldest->source.inode = oldest->module->inode;
	oldest->source.start = oldest->source.end = 0;
	ms->weight -= oldest->module->weight;
	g_clear_pointer(&oldest->module, module_free);
	ms->open--;
}

static struct module *try_open(struct modules *ms, struct known *k)
{
	if (k->module || k->failed)
		return k->module;
	if (ms->open >= ms->open_most)
		close_oldest(ms);
	k->module = module_open(&k->source, WEIGHT_MOST - ms->weight);
	k->failed = !k->module;
	ms->open += !!k->module;
	if (!k->module)
		return NULL;
	k->module->lines_left = &ms->lines_left;
	ms->weight += k->module->weight;
	return k->module;
}

struct module *modules_get(struct modules *ms, uint32_t file)
{
	struct known *k = g_hash_table_lookup(ms->by_file, GUINT_TO_POINTER(file));

	if (!k)
		return NULL;
	k->used = ++ms->clock;
	return try_open(ms, k);
}

static struct known *put_known(struct modules *ms, const struct module_source *s)
{
	struct known *k = g_new0(struct known, 1);

	k->source = *s;
	k->source.path = k->path = g_strdup(s->path);
	k->used = ++ms->clock;
	g_hash_table_insert(ms->by_file, GUINT_TO_POINTER(s->file), k);
	return k;
}

struct module *modules_open(struct modules *ms, const struct module_source *s)
{
	struct known *k = g_hash_table_lookup(ms->by_file, GUINT_TO_POINTER(s->file));
	bool new = !k;

	if (new)
		k = put_known(ms, s);
	k->used = ++ms->clock;
	k->source.pid = s->pid; /* the process that mapped it first may be gone */
	if (!try_open(ms, k) && new)
		log_verbose(1, "cannot read the code in %s", s->path ?: "?");
	return k->module;
}

void modules_drop(struct modules *ms, uint32_t file)
{
	struct known *k = g_hash_table_lookup(ms->by_file, GUINT_TO_POINTER(file));

	if (!k)
		return;
	ms->open -= k->module && k->module->fd >= 0;
	ms->weight -= k->module ? k->module->weight : 0;
	g_hash_table_remove(ms->by_file, GUINT_TO_POINTER(file));
}

void modules_limit(struct modules *ms, unsigned most)
{
	ms->open_most = MIN(ms->open_most, MAX(most, 1));
}

void modules_close(struct modules *ms)
{
	for (unsigned before = ms->open + 1; ms->open && ms->open < before;) {
		before = ms->open;
		close_oldest(ms);
	}
}

unsigned modules_count(const struct modules *ms)
{
	return ms->open;
}

/* Frees the symbols of the least recently used modules first. */
void modules_trim(struct modules *ms)
{
	g_autoptr(GPtrArray) read = g_ptr_array_new();
	uint64_t symbols = 0;
	GHashTableIter iter;
	bool lined = ms->lines_left < LINES_MOST / 2;
	struct known *k;

	g_hash_table_iter_init(&iter, ms->by_file);
	while (g_hash_table_iter_next(&iter, NULL, (gpointer *)&k)) {
		if (k->module && k->module->lines_read && lined)
			module_names_free(k->module);
		if (!k->module || !k->module->symbols || k->module->fd < 0)
			continue;
		symbols += k->module->symbols->len;
		g_ptr_array_add(read, k);
	}
	while (symbols > SYMBOLS_KEPT && read->len) {
		unsigned oldest = 0;

		for (unsigned i = 1; i < read->len; i++)
			if (((const struct known *)read->pdata[i])->used <
			    ((const struct known *)read->pdata[oldest])->used)
				oldest = i;
		k = g_ptr_array_remove_index_fast(read, oldest);
		symbols -= k->module->symbols->len;
		module_names_free(k->module);
	}
}

/* Size of this process's [vdso]. */
static uint64_t vdso_size(uint64_t at)
{
	FILE *f = fopen("/proc/self/maps", "re");
	char line[PROC_LINE];
	struct proc_map map;
	uint64_t size = 0;

	while (f && !size && proc_line(f, line))
		if (proc_map_parse(line, &map) && map.start == at)
			size = map.end - map.start;
	if (f)
		fclose(f);
	return MIN(size, VDSO_MOST);
}

struct module *modules_vdso(struct modules *ms, uint32_t file, uint64_t *size)
{
	uint64_t at = getauxval(AT_SYSINFO_EHDR);
	struct module *m = modules_get(ms, file);

	*size = at ? vdso_size(at) : 0;
	if (m || !*size)
		return m;
	m = module_new(elf_memory((char *)at, *size), -1, "[vdso]");
	put_known(ms, &(struct module_source){ .file = file, .path = "[vdso]" })->module = m;
	return m;
}
