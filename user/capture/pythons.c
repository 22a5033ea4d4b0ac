/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/pythons.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/proc.h"

struct known {
	struct tare_python python;
	uint64_t active; /* see python_threads() */
};

struct pythons {
	struct samples *samples;
	struct modules *modules;
	struct python *python;
	struct python_watch watch; /* its functions may be NULL */
	GHashTable *by_mm;         /* id of mm -> struct known */
};

struct pythons *pythons_new(struct samples *samples, struct modules *modules, struct python *python,
			    const struct python_watch *watch)
{
	struct pythons *p = g_new0(struct pythons, 1);

	p->samples = samples;
	p->modules = modules;
	p->python = python;
	if (watch)
		p->watch = *watch;
	p->by_mm = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	return p;
}

void pythons_free(struct pythons *p)
{
	if (!p)
		return;
	g_hash_table_unref(p->by_mm);
	g_free(p);
}

/* Does the file contain an interpreter? If so, report it. */
static bool find_interpreter(struct pythons *p, uint32_t file, const struct module *m,
			     struct tare_python_file *found)
{
	const struct sample_file *f = p->samples->files->pdata[file];

	if (!python_module(p->python, file, f->path, m, found))
		return false;
	if (p->watch.file)
		p->watch.file(p->watch.ctx, f->inode, f->dev, found);
	return true;
}

void pythons_expect(struct pythons *p, const char *path)
{
	g_autofree char *real = realpath(path, NULL);
	struct module_source source = { .path = real, .pid = getpid() };
	struct tare_python_file found;
	struct stat st;

	if (!real || !python_likely(real) || stat(real, &st))
		return;
	source.dev = proc_dev(st.st_dev);
	source.inode = st.st_ino;
	source.file = samples_file_named(p->samples, source.dev, source.inode, real);
	find_interpreter(p, source.file, modules_open(p->modules, &source), &found);
}

static void report_python(struct pythons *p, uint64_t mm, const struct tare_python *python)
{
	struct known known = { .python = *python };

	g_hash_table_replace(p->by_mm, g_memdup2(&mm, sizeof(mm)),
			     g_memdup2(&known, sizeof(known)));
	if (p->watch.found)
		p->watch.found(p->watch.ctx, mm, python);
}

void pythons_mapped(struct pythons *p, uint64_t mm, uint32_t file, const struct module *m,
		    uint64_t bias)
{
	struct tare_python_file found;

	if (!find_interpreter(p, file, m, &found))
		return;
	found.python.runtime += bias;
	report_python(p, mm, &found.python);
}

/* At a fork, the kernel side copies its entry itself (python_forked()). This adds the entry if the
 * kernel side did not have the parent's. */
void pythons_vma(struct pythons *p, const struct tare_vma *r)
{
	const struct known *known;
	uint64_t parent = r->a;

	if (r->what == TARE_VMA_FORK) {
		known = g_hash_table_lookup(p->by_mm, &parent);
		if (known) {
			struct tare_python copy = known->python;

			report_python(p, r->mm, &copy);
		}
	}
	if (r->what == TARE_VMA_GONE && g_hash_table_remove(p->by_mm, &r->mm) && p->watch.found)
		p->watch.found(p->watch.ctx, r->mm, NULL);
}

void pythons_keep(struct pythons *p, GHashTable *alive)
{
	GHashTableIter iter;
	gpointer mm;

	g_hash_table_iter_init(&iter, p->by_mm);
	while (g_hash_table_iter_next(&iter, &mm, NULL)) {
		uint64_t id = *(const uint64_t *)mm;

		if (g_hash_table_contains(alive, mm))
			continue;
		g_hash_table_iter_remove(&iter);
		if (p->watch.found)
			p->watch.found(p->watch.ctx, id, NULL);
	}
}

void pythons_threads(struct pythons *p, pythons_process_fn of, void *ctx, python_thread_fn fn)
{
	GHashTableIter iter;
	gpointer mm, value;

	g_hash_table_iter_init(&iter, p->by_mm);
	while (g_hash_table_iter_next(&iter, &mm, &value)) {
		const struct space *space = g_hash_table_lookup(p->samples->spaces, mm);
		void *process = space && space->pid ? of(ctx, space->proc) : NULL;
		struct known *known = value;

		if (process)
			python_threads(space->pid, &known->python, &known->active, fn, process);
	}
}
