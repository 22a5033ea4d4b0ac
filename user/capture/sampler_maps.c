/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The VMAs of address spaces: mapped files and their code, programs after exec, and VMAs that are
 * older than tare.
 */
#include <elf.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/proc.h"
#include "bpf/calls.h"
#include "capture/sampler_state.h"

/* Add the segments of a file that the kernel loaded at exec, at its addresses plus `bias`. */
static void map_segments(struct sampler *s, struct space *space, uint32_t file, uint64_t bias)
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
		struct vma r = {
			.start = bias + seg[i].address - in_page,
			.end = bias + ((seg[i].address + seg[i].size + page - 1) & ~(page - 1)),
			.offset = seg[i].offset - in_page,
			.file = file,
			.mapping = MAPPING_FILE,
			.code = seg[i].code,
		};

		space_set(space, &r);
	}
}

static uint64_t aux_value(const struct tare_image *i, uint64_t type)
{
	for (unsigned at = 0; at + 1 < TARE_AUXV && i->auxv[at] != AT_NULL; at += 2)
		if (i->auxv[at] == type)
			return i->auxv[at + 1];
	return 0;
}

static void map_vdso(struct sampler *s, struct space *space, uint64_t at)
{
	struct vma r = {
		.start = at,
		.end = at + s->vdso_size,
		.file = s->vdso,
		.mapping = MAPPING_VDSO,
		.code = true,
	};

	if (at && s->vdso_size)
		space_set(space, &r);
}

/* r->what is 0 if there is no record of a changed VMA, but one of a mapped file or a program. */
static void report_vma(const struct sampler *s, const struct tare_vma *r, const char *path)
{
	if (s->log.vma)
		s->log.vma(s->log.ctx, r, path);
}

void sampler_image(struct sampler *s, const struct tare_image *i)
{
	uint32_t exe;
	struct space *space = samples_image(s->samples, i, &exe);
	const struct sample_file *f = s->samples->files->pdata[exe];
	struct module_source source = { exe, f->dev, f->inode, f->path, i->tgid, 0, 0 };
	struct module *m = modules_open(s->modules, &source);
	const char *interpreter = m ? module_interpreter(m) : NULL;
	uint64_t base = aux_value(i, AT_BASE);

	report_vma(s, &(struct tare_vma){ .head = i->head, .mm = i->mm, .tgid = i->tgid }, f->path);
	jits_image(s->jits, i->mm, i->tgid, i->head.time_ns);
	if (m) {
		uint64_t bias = aux_value(i, AT_PHDR) - module_headers(m);

		map_segments(s, space, exe, bias);
		pythons_mapped(s->pythons, i->mm, exe, m, bias);
	}
	if (base && interpreter) {
		struct stat st = { 0 };
		g_autofree char *path = g_strdup_printf("/proc/%u/root%s", i->tgid, interpreter);
		uint32_t file;

		if (stat(path, &st) && stat(interpreter, &st))
			st.st_ino = 0;
		file = samples_file_named(s->samples, proc_dev(st.st_dev), st.st_ino, interpreter);
		source = (struct module_source){ file, 0, 0, interpreter, i->tgid, 0, 0 };
		modules_open(s->modules, &source);
		map_segments(s, space, file, base);
	}
	map_vdso(s, space, aux_value(i, AT_SYSINFO_EHDR));
}

/* Code of a file was mapped, from `offset` on. */
static void open_code(struct sampler *s, uint64_t mm, const struct module_source *source,
		      uint64_t offset)
{
	const struct module *m = modules_open(s->modules, source);
	uint64_t address = m ? module_address(m, offset) : 0;

	if (address)
		pythons_mapped(s->pythons, mm, source->file, m, source->start - address);
}

/* Read the current VMAs of an address space from /proc/PID/maps. */
static void read_maps(struct sampler *s, struct space *space)
{
	g_autofree char *path = g_strdup_printf("/proc/%u/maps", space->pid);
	FILE *f = fopen(path, "re");
	char line[PROC_LINE];
	struct proc_map m;

	while (f && proc_line(f, line)) {
		struct vma r = { .file = NO_FILE, .mapping = MAPPING_ANON };

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
			r.mapping = MAPPING_STACK;
		} else if (m.inode) {
			struct module_source source;

			r.mapping = samples_mapping(m.path);
			r.file = samples_file_named(s->samples, m.dev, m.inode, m.path);
			source = (struct module_source){ r.file,     m.dev,   m.inode, m.path,
							 space->pid, m.start, m.end };
			if (m.code)
				open_code(s, space->id, &source, m.offset);
		} else if (r.code) {
			r.mapping = MAPPING_JIT;
		}
		space_set(space, &r);
	}
	if (f)
		fclose(f);
}

void sampler_read_space(struct sampler *s, struct space *space, uint32_t pid)
{
	if (space->known || !space->id)
		return;
	space->known = true;
	space->pid = pid;
	jits_image(s->jits, space->id, pid, 0);
	read_maps(s, space);
}

void sampler_map(struct sampler *s, const struct tare_map *m)
{
	uint32_t file;
	const struct sample_file *f;
	struct module_source source;

	sampler_read_space(s, samples_space(s->samples, m->mm), m->tgid);
	file = samples_map(s->samples, m);
	f = s->samples->files->pdata[file];
	source = (struct module_source){ file,    f->dev,   f->inode,          f->path,
					 m->tgid, m->start, m->start + m->size };

	report_vma(s,
		   &(struct tare_vma){ .head = m->head,
				       .mm = m->mm,
				       .tgid = m->tgid,
				       .start = m->start,
				       .size = m->size },
		   f->path);
	if (calls_makes_code(m->prot))
		open_code(s, m->mm, &source, m->offset);
}

void sampler_vma(struct sampler *s, const struct tare_vma *r)
{
	if (r->what != TARE_VMA_FORK && r->what != TARE_VMA_GONE)
		sampler_read_space(s, samples_space(s->samples, r->mm), r->tgid);
	if (r->what == TARE_VMA_FORK)
		jits_fork(s->jits, r->mm, r->a, r->tgid);
	if (r->what == TARE_VMA_GONE)
		jits_gone(s->jits, r->mm);
	pythons_vma(s->pythons, r);
	samples_vma(s->samples, r);
	report_vma(s, r, NULL);
}
