/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/sampler.h"

#include <elf.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "symbol/module.h"
#include "symbol/naming.h"
#include "symbol/unwind.h"

struct sampling_session {
	struct samples *samples;
	struct modules *modules;
	struct unwinder *unwinder;
	uint32_t period, vdso;
	uint64_t vdso_size;
	bool lines;
	uint64_t malformed;
};

struct sampling_session *sampler_new(uint32_t period, bool lines)
{
	struct sampling_session *s = g_new0(struct sampling_session, 1);

	s->period = period;
	s->lines = lines;
	s->samples = samples_new(sysconf(_SC_PAGESIZE));
	s->modules = modules_new();
	s->unwinder = unwinder_new(s->modules);
	s->vdso = samples_file_named(s->samples, 0, 0, "[vdso]");
	modules_vdso(s->modules, s->vdso, &s->vdso_size);
	return s;
}

void sampler_free(struct sampling_session *s)
{
	if (!s)
		return;
	unwinder_free(s->unwinder);
	modules_free(s->modules);
	samples_free(s->samples);
	g_free(s);
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

static void on_image(struct sampling_session *s, const struct tare_image *i)
{
	uint32_t exe;
	struct space *space = samples_image(s->samples, i, &exe);
	const struct sample_file *f = s->samples->files->pdata[exe];
	struct module_source source = { exe, f->dev, f->inode, f->path, i->tgid, 0, 0 };
	struct module *m = modules_open(s->modules, &source);
	const char *interpreter = m ? module_interpreter(m) : NULL;
	uint64_t base = aux(i, AT_BASE);

	if (m)
		map_segments(s, space, exe, aux(i, AT_PHDR) - module_headers(m));
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

/* An address space that ran before tare came: as /proc has it now. */
static void read_maps(struct sampling_session *s, struct space *space)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/maps", space->pid);
	FILE *f = fopen(path, "re");
	unsigned long start, end, offset, inode;
	unsigned maj, min;
	char line[4608], perms[8];
	int at;

	while (f && fgets(line, sizeof(line), f)) {
		struct range r = { .file = NO_FILE, .place = PLACE_ANON };

		if (sscanf(line, "%lx-%lx %7s %lx %x:%x %lu %n", &start, &end, perms, &offset, &maj,
			   &min, &inode, &at) < 7)
			continue;
		line[strcspn(line, "\n")] = '\0';
		r.start = start;
		r.end = end;
		r.offset = offset;
		r.code = perms[2] == 'x';
		if (!strcmp(line + at, "[heap]")) {
			space->start_brk = start;
			continue;
		}
		if (!strcmp(line + at, "[vdso]")) {
			map_vdso(s, space, start);
			continue;
		}
		if (!strncmp(line + at, "[stack", 6)) {
			r.place = PLACE_STACK;
		} else if (inode) {
			struct module_source source;

			r.place = PLACE_FILE;
			r.file = samples_file_named(s->samples, maj << 20 | min, inode, line + at);
			source = (struct module_source){ r.file,    maj << 20 | min, inode,
							 line + at, space->pid,      start,
							 end };
			if (r.code)
				modules_open(s->modules, &source);
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

	if (m->prot & 4)
		modules_open(s->modules, &source);
}

static void on_range(struct sampling_session *s, const struct tare_range *r)
{
	if (r->what != TARE_RANGE_FORK && r->what != TARE_RANGE_GONE)
		know(s, r->mm, r->tgid);
	samples_range(s->samples, r);
}

static uint32_t push_mark(struct sampling_session *s, uint32_t node, enum frame_mark mark)
{
	struct frame f = { .address = mark, .file = NO_FILE, .flags = FRAME_MARK };

	return samples_push(s->samples, node, &f);
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

#define PLACELESS 10 /* of so many samples one may have no address */

/* What lies in memory is what samples have an address for. Up to Linux 6.1 a task tells of
 * its page faults later, all at once, and most have none. */
static char *untouched_why(const struct sampling_session *s, const struct tare_sampling *counts,
			   const char *asked_why)
{
	if (asked_why)
		return g_strdup(asked_why);
	if (counts->no_address * PLACELESS <= s->samples->taken)
		return NULL;
	return g_strdup_printf("the addresses of %" G_GUINT64_FORMAT " of %" G_GUINT64_FORMAT
			       " samples are not known",
			       (uint64_t)counts->no_address, s->samples->taken);
}

struct profile *sampler_profile(struct sampling_session *s, const struct report *r,
				const struct tare_sampling *counts, uint64_t peak_seq,
				uint64_t origin_ns, const char *asked_why)
{
	struct profile *p = profile_new();

	p->period = s->period;
	p->asked_why = g_strdup(asked_why);
	p->untouched_why = untouched_why(s, counts, asked_why);
	profile_fill(p, s->samples, r, peak_seq, origin_ns);
	p->no_address = counts->no_address;
	p->lost = (struct profile_loss){ counts->lost, counts->lost_bytes, counts->lost_ranges };
	naming_fill(p, s->samples, s->modules, s->lines);
	return p;
}
