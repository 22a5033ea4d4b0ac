/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/sampler.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/proc.h"
#include "bpf/sampling.h"
#include "capture/cause.h"
#include "symbol/jits.h"
#include "symbol/module.h"
#include "symbol/naming.h"
#include "symbol/python.h"
#include "symbol/unwind.h"

/* Of a task. */
struct ending {
	uint64_t task, time_ns, peak_seq;
};

struct sampling_session {
	struct samples *samples;
	struct modules *modules;
	struct unwinder *unwinder;
	struct jits *jits;
	struct python *python;
	struct pythons *pythons;
	uint32_t period, vdso;
	uint64_t vdso_size;
	bool lines;
	uint64_t malformed;
	GArray *endings;       /* struct ending: of tasks */
	struct sample_log log; /* its functions NULL: nobody is told */
};

struct sampling_session *sampler_new(uint32_t period, bool lines, const struct sample_log *log,
				     const struct python_watch *watch)
{
	struct sampling_session *s = g_new0(struct sampling_session, 1);

	s->period = period;
	s->lines = lines;
	if (log)
		s->log = *log;
	s->samples = samples_new(sysconf(_SC_PAGESIZE));
	s->samples->added = s->log.sample;
	s->samples->added_ctx = s->log.ctx;
	s->endings = g_array_new(FALSE, FALSE, sizeof(struct ending));
	s->modules = modules_new();
	s->unwinder = unwinder_new(s->modules);
	s->jits = jits_new();
	s->python = python_new();
	s->pythons = pythons_new(s->samples, s->modules, s->python, watch);
	s->vdso = samples_file_named(s->samples, 0, 0, "[vdso]");
	modules_vdso(s->modules, s->vdso, &s->vdso_size);
	return s;
}

void sampler_free(struct sampling_session *s)
{
	if (!s)
		return;
	unwinder_free(s->unwinder);
	jits_free(s->jits);
	pythons_free(s->pythons);
	python_free(s->python);
	modules_free(s->modules);
	samples_free(s->samples);
	g_array_unref(s->endings);
	g_free(s);
}

void sampler_expect(struct sampling_session *s, const char *path)
{
	pythons_expect(s->pythons, path);
}

/* A file that the kernel loaded at exec: its segments, moved by `bias`. */
static void map_segments(struct sampling_session *s, struct space *space, uint32_t file,
			 uint64_t bias)
{
	const struct module *m = modules_get(s->modules, file);
	uint64_t page = s->samples->page_size;
	const struct segment *seg;
	unsigned n = 0;

	if (!m)
		return;
	seg = module_segments(m, &n);
	for (unsigned i = 0; i < n; i++) {
		uint64_t in_page = seg[i].address & (page - 1);
		struct range r = {
			.start = bias + seg[i].address - in_page,
			.end = bias + ((seg[i].address + seg[i].size + page - 1) & ~(page - 1)),
			.offset = seg[i].offset - in_page,
			.file = file,
			.place = PLACE_FILE,
			.code = seg[i].code,
		};

		space_set(space, &r);
	}
}

static uint64_t aux(const struct tare_image *i, uint64_t type)
{
	for (unsigned at = 0; at + 1 < TARE_AUXV && i->auxv[at] != AT_NULL; at += 2)
		if (i->auxv[at] == type)
			return i->auxv[at + 1];
	return 0;
}

static void map_vdso(struct sampling_session *s, struct space *space, uint64_t at)
{
	struct range r = {
		.start = at,
		.end = at + s->vdso_size,
		.file = s->vdso,
		.place = PLACE_VDSO,
		.code = true,
	};

	if (at && s->vdso_size)
		space_set(space, &r);
}

/* What is no range of the kernel side's goes by what = 0: a mapped file, a program. */
static void tell_range(const struct sampling_session *s, const struct tare_range *r,
		       const char *path)
{
	if (s->log.range)
		s->log.range(s->log.ctx, r, path);
}

static void on_image(struct sampling_session *s, const struct tare_image *i)
{
	uint32_t exe;
	struct space *space = samples_image(s->samples, i, &exe);
	const struct sample_file *f = s->samples->files->pdata[exe];
	struct module_source source = { exe, f->dev, f->inode, f->path, i->tgid, 0, 0 };
	struct module *m = modules_open(s->modules, &source);
	const char *interpreter = m ? module_interpreter(m) : NULL;
	uint64_t base = aux(i, AT_BASE);

	tell_range(s, &(struct tare_range){ .head = i->head, .mm = i->mm, .tgid = i->tgid },
		   f->path);
	jits_image(s->jits, i->mm, i->tgid, i->head.time_ns);
	if (m) {
		uint64_t bias = aux(i, AT_PHDR) - module_headers(m);

		map_segments(s, space, exe, bias);
		pythons_mapped(s->pythons, i->mm, exe, m, bias);
	}
	if (base && interpreter) {
		struct stat st = { 0 };
		g_autofree char *path = g_strdup_printf("/proc/%u/root%s", i->tgid, interpreter);
		uint32_t file;

		if (stat(path, &st) && stat(interpreter, &st))
			st.st_ino = 0;
		file = samples_file_named(s->samples,
					  (uint32_t)major(st.st_dev) << 20 | minor(st.st_dev),
					  st.st_ino, interpreter);
		source = (struct module_source){ file, 0, 0, interpreter, i->tgid, 0, 0 };
		modules_open(s->modules, &source);
		map_segments(s, space, file, base);
	}
	map_vdso(s, space, aux(i, AT_SYSINFO_EHDR));
}

/* A mapping of code, from `offset` in its file on. */
static void open_code(struct sampling_session *s, uint64_t mm, const struct module_source *source,
		      uint64_t offset)
{
	const struct module *m = modules_open(s->modules, source);
	uint64_t address = m ? module_address(m, offset) : 0;

	if (address)
		pythons_mapped(s->pythons, mm, source->file, m, source->start - address);
}

/* An address space that ran before tare came: as /proc has it now. */
static void read_maps(struct sampling_session *s, struct space *space)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/maps", space->pid);
	FILE *f = fopen(path, "re");
	char line[PROC_LINE];
	struct proc_map m;

	while (f && proc_line(f, line)) {
		struct range r = { .file = NO_FILE, .place = PLACE_ANON };

		if (!proc_map_parse(line, &m))
			continue;
		r.start = m.start;
		r.end = m.end;
		r.offset = m.offset;
		r.code = m.code;
		if (!strcmp(m.path, "[heap]")) {
			space->start_brk = m.start;
			continue;
		}
		if (!strcmp(m.path, "[vdso]")) {
			map_vdso(s, space, m.start);
			continue;
		}
		if (!strncmp(m.path, "[stack", 6)) {
			r.place = PLACE_STACK;
		} else if (m.inode) {
			struct module_source source;

			r.place = samples_place(m.path);
			r.file = samples_file_named(s->samples, m.dev, m.inode, m.path);
			source = (struct module_source){ r.file,     m.dev,   m.inode, m.path,
							 space->pid, m.start, m.end };
			if (m.code)
				open_code(s, space->id, &source, m.offset);
		} else if (r.code) {
			r.place = PLACE_JIT;
		}
		space_set(space, &r);
	}
	if (f)
		fclose(f);
}

/* One that ran before tare came, or whose beginning was lost: as it is now, and
 * the records from here on change that. */
static void know(struct sampling_session *s, uint64_t mm, uint32_t pid)
{
	struct space *space = samples_space(s->samples, mm);

	if (space->known || !mm)
		return;
	space->known = true;
	space->pid = pid;
	jits_image(s->jits, mm, pid, 0);
	read_maps(s, space);
}

static void on_map(struct sampling_session *s, const struct tare_map *m)
{
	uint32_t file;
	const struct sample_file *f;
	struct module_source source;

	know(s, m->mm, m->tgid);
	file = samples_map(s->samples, m);
	f = s->samples->files->pdata[file];
	source = (struct module_source){ file,    f->dev,   f->inode,          f->path,
					 m->tgid, m->start, m->start + m->size };

	tell_range(s,
		   &(struct tare_range){ .head = m->head,
					 .mm = m->mm,
					 .tgid = m->tgid,
					 .start = m->start,
					 .size = m->size },
		   f->path);
	if (m->prot & 4)
		open_code(s, m->mm, &source, m->offset);
}

static void on_range(struct sampling_session *s, const struct tare_range *r)
{
	if (r->what != TARE_RANGE_FORK && r->what != TARE_RANGE_GONE)
		know(s, r->mm, r->tgid);
	if (r->what == TARE_RANGE_FORK)
		jits_fork(s->jits, r->mm, r->a, r->tgid);
	if (r->what == TARE_RANGE_GONE)
		jits_gone(s->jits, r->mm);
	pythons_range(s->pythons, r);
	samples_range(s->samples, r);
	tell_range(s, r, NULL);
}

static uint32_t push_mark(struct sampling_session *s, uint32_t node, enum frame_mark mark)
{
	struct frame f = { .address = mark, .file = NO_FILE, .flags = FRAME_MARK };

	return samples_push(s->samples, node, &f);
}

/* Code without a file goes by the name that it has now: its place is used again. */
static void name_code(struct sampling_session *s, const struct space *space, struct unwound *w)
{
	bool looked = false;

	for (unsigned i = 0; i < w->n; i++) {
		struct frame *f = &w->frames[i];
		uint64_t start;
		const char *name;

		if (f->file != NO_FILE || f->flags & FRAME_MARK)
			continue;
		if (!looked)
			jits_look(s->jits, space->id, space->pid);
		looked = true;
		name = jits_name(s->jits, space->id, f->address, &start);
		if (!name)
			continue;
		f->address = start;
		f->file = samples_name(s->samples, name);
		f->flags = (f->flags & ~FRAME_EXACT) | FRAME_NAMED;
	}
}

/* By the map that Python itself wrote (-X perf). */
static bool has_python(const struct sampling_session *s, const struct unwound *w)
{
	for (unsigned i = 0; i < w->n; i++)
		if (w->frames[i].flags & FRAME_NAMED &&
		    g_str_has_prefix(s->samples->names->pdata[w->frames[i].file], PYTHON_NAME))
			return true;
	return false;
}

static uint32_t number_name(void *samples, const char *name)
{
	return samples_name(samples, name);
}

static uint32_t push_user(struct sampling_session *s, struct space *space,
			  const struct tare_sample *sample, const void *stack)
{
	uint32_t node = NO_NODE;
	struct unwound w;

	if (!sample->stack) {
		s->samples->no_stack += !(sample->flags & TARE_SAMPLE_ASKED);
		/* execve: 59, execveat: 322 */
		return push_mark(s, NO_NODE,
				 sample->cause == 59 || sample->cause == 322 ? MARK_EXECVE :
									       MARK_NO_STACK);
	}
	w = unwind(s->unwinder, space, sample, stack);
	name_code(s, space, &w);
	if (!has_python(s, &w))
		w = python_merge(s->python, sample, &w, number_name, s->samples);
	if (!(sample->flags & TARE_SAMPLE_ASKED)) {
		s->samples->complete += w.complete;
		s->samples->truncated += !w.complete;
		s->samples->guessed += w.guessed;
	}
	for (unsigned i = w.n; i-- > 0;)
		node = samples_push(s->samples, node, &w.frames[i]);
	return node;
}

static void on_sample(struct sampling_session *s, const struct world *world,
		      const struct tare_sample *sample)
{
	const uint64_t *kernel = (const void *)(sample + 1);
	bool has_kernel = sample->flags & TARE_SAMPLE_KERNEL;
	const char *stack = (const char *)kernel + (has_kernel ? TARE_KERNEL_FRAMES * 8 : 0);
	struct space *space = samples_space(s->samples, sample->mm);
	const struct world_task *t = g_hash_table_lookup(world->tasks, &sample->task);
	g_autofree char *name = t ? g_strndup(t->state->comm, TARE_COMM_LEN) : g_strdup("");
	uint32_t node;

	space->pid = sample->tgid;
	space->proc = sample->proc;
	know(s, sample->mm, sample->tgid);
	node = push_user(s, space, sample, stack);
	if (sample->flags & TARE_SAMPLE_ASKED) {
		samples_asked(s->samples, sample, node);
		return;
	}
	for (unsigned i = TARE_KERNEL_FRAMES; has_kernel && i-- > 0;) {
		struct frame f = { .address = kernel[i], .file = NO_FILE, .flags = FRAME_KERNEL };

		if (kernel[i])
			node = samples_push(s->samples, node, &f);
	}
	samples_add(s->samples, sample, node, samples_name(s->samples, name));
}

/* Paths of records that are cut behind their last part. */
static bool file_fits(const struct tare_record *head, const struct tare_file *file)
{
	size_t before = (const char *)file - (const char *)head;

	return file->names <= TARE_PATH_PARTS &&
	       head->size >=
		       before + sizeof(*file) - (TARE_PATH_PARTS - file->names) * TARE_PART_LEN;
}

static int take(struct sampling_session *s, const struct world *world,
		const struct tare_record *head)
{
	const size_t file = sizeof(struct tare_file) - TARE_PATH_PARTS * TARE_PART_LEN;
	const struct tare_sample *sample = (const void *)head;
	const struct tare_map *map = (const void *)head;
	const struct tare_image *image = (const void *)head;
	size_t extra;

	switch (head->type) {
	case TARE_REC_SAMPLE:
		if (head->size < sizeof(*sample))
			return -EINVAL;
		extra = sample->flags & TARE_SAMPLE_KERNEL ? TARE_KERNEL_FRAMES * 8 : 0;
		if (head->size - sizeof(*sample) < extra ||
		    head->size - sizeof(*sample) - extra < sample->stack ||
		    sample->kind >= TARE_KINDS)
			return -EINVAL;
		on_sample(s, world, sample);
		return 0;
	case TARE_REC_RANGE:
		if (head->size != sizeof(struct tare_range))
			return -EINVAL;
		on_range(s, (const void *)head);
		return 0;
	case TARE_REC_MAP:
		if (head->size < sizeof(*map) - sizeof(map->file) + file ||
		    !file_fits(head, &map->file))
			return -EINVAL;
		on_map(s, map);
		return 0;
	case TARE_REC_IMAGE:
		if (head->size < sizeof(*image) - sizeof(image->file) + file ||
		    !file_fits(head, &image->file))
			return -EINVAL;
		on_image(s, image);
		return 0;
	case TARE_REC_PYTHON_CODE:
		if (head->size != sizeof(struct tare_python_code))
			return -EINVAL;
		return python_code(s->python, (const void *)head) ? 0 : -EINVAL;
	case TARE_REC_PYTHON:
		if (head->size < sizeof(struct tare_python_stack) - TARE_PYTHON_FRAMES * 8)
			return -EINVAL;
		return python_stack(s->python, (const void *)head) ? 0 : -EINVAL;
	default:
		return -EINVAL;
	}
}

int sampler_record(struct sampling_session *s, const struct world *world, const void *data,
		   size_t size)
{
	const struct tare_record *head = data;
	int err = size < sizeof(*head) || head->size > size ? -EINVAL : take(s, world, head);

	s->malformed += !!err;
	return err;
}

void sampler_task_ended(struct sampling_session *s, const struct tare_task *task)
{
	struct ending e = { task->id, task->end_ns, task->peak_seq };

	g_array_append_val(s->endings, e);
}

void sampler_caught_up(struct sampling_session *s)
{
	for (unsigned i = 0; i < s->endings->len; i++) {
		const struct ending *e = &g_array_index(s->endings, struct ending, i);

		samples_task_ended(s->samples, e->task, e->time_ns, e->peak_seq);
	}
	g_array_set_size(s->endings, 0);
}

void sampler_found(struct sampling_session *s, struct world *world, const void *data, size_t size)
{
	const char *at = data;

	while (size >= sizeof(struct tare_record)) {
		const struct tare_mm_end *mm = (const void *)at;
		const struct world_proc *proc;

		if (mm->head.size < sizeof(mm->head) || mm->head.size > size)
			return;
		if (mm->head.type == TARE_REC_MM && mm->head.size >= sizeof(*mm)) {
			proc = world_find_proc(world, mm->mm.proc);
			if (proc)
				know(s, mm->mm.id, proc->pid);
		}
		size -= mm->head.size;
		at += mm->head.size;
	}
}

#define PLACELESS 10 /* of so many samples one may have no address */

/* What lies in memory is what samples have an address for. Up to Linux 6.1 a task tells of
 * its page faults later, all at once, and most have none. */
static char *untouched_why(const struct sampling_session *s, const struct tare_sampling *counts,
			   const char *asked_why)
{
	if (asked_why)
		return g_strdup(asked_why);
	if (counts->no_address * PLACELESS <= s->samples->mapped)
		return NULL;
	return g_strdup_printf("the addresses of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			       " samples are not known",
			       (uint64_t)counts->no_address, s->samples->mapped);
}

static void fill_thinned(struct profile *p, const struct tare_sampling *counts, uint64_t origin_ns)
{
	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct tare_thinned *t = &counts->thinned[i];

		if (t->taken || t->left)
			p->thinned[i] = (struct profile_thinned){
				.samples = t->taken,
				.bytes = t->bytes,
				.left = t->left,
				.from_ns = t->first_ns - MIN(t->first_ns, origin_ns),
				.to_ns = t->last_ns - MIN(t->last_ns, origin_ns),
			};
	}
	p->mean_period = sampling_mean_period(counts, (uint32_t)p->period);
}

struct profile *sampler_profile(struct sampling_session *s, const struct report *r,
				const struct tare_sampling *counts, uint64_t peak_seq,
				uint64_t origin_ns, const char *asked_why)
{
	struct profile *p = profile_new();

	p->period = s->period;
	p->asked_why = g_strdup(asked_why);
	p->untouched_why = untouched_why(s, counts, asked_why);
	profile_fill(p, s->samples, r, peak_seq, origin_ns, cause_name);
	p->no_address = counts->no_address;
	fill_thinned(p, counts, origin_ns);
	p->lost = (struct profile_loss){ counts->lost, counts->lost_bytes, counts->lost_ranges };
	naming_fill(p, s->samples, s->modules, s->jits, s->lines);
	return p;
}
