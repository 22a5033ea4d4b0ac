/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/sampler.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "capture/sampler_state.h"

#define SPACES_LEAST 2048 /* least value of `crowd` */
#define THRIFTY_FILES 96  /* about 150 KiB each */
#define SHRUNK_LEAST 1000 /* sums that sampler_shrink() leaves */

/* The end of a task or, if into_task is not 0, the task that it is folded into. */
struct ending {
	uint64_t task, time_ns, peak_seq;
	uint64_t into_task, into_proc;
};

static void on_folded(void *ctx, uint32_t id, uint32_t into)
{
	const struct sampler *s = ctx;

	if (s->log.folded)
		s->log.folded(s->log.ctx, id, into);
}

static void on_tallied(void *ctx, const struct tare_sample *sample, uint32_t id)
{
	const struct sampler *s = ctx;

	if (s->log.sample)
		s->log.sample(s->log.ctx, sample, id);
}

static const char *on_code(void *ctx, uint64_t mm, uint64_t address, uint64_t *start)
{
	const struct sampler *s = ctx;

	return jits_name(s->jits, mm, address, start);
}

/* Frames were renumbered. Those that are gone need no names any more, nor maps of JIT code. */
static void on_collected(void *ctx, const uint32_t *frame_now, uint32_t n)
{
	const struct sampler *s = ctx;

	stacks_forget(s->stacks);
	naming_renumber(s->naming, frame_now, n);
	jits_forget(s->jits);
}

static void on_file_gone(void *ctx, uint32_t file)
{
	const struct sampler *s = ctx;

	modules_drop(s->modules, file);
	python_drop(s->python, file);
	unwinder_forget(s->unwinder);
}

struct sampler *sampler_new(uint32_t period, bool lines, const struct sample_log *log,
			    const struct python_watch *watch)
{
	struct sampler *s = g_new0(struct sampler, 1);

	s->period = period;
	s->lines = lines;
	if (log)
		s->log = *log;
	s->samples = samples_new(sysconf(_SC_PAGESIZE));
	s->samples->watch = (struct samples_watch){
		.sample = on_tallied,
		.folded = on_folded,
		.code_name = on_code,
		.collected = on_collected,
		.file_gone = on_file_gone,
		.ctx = s,
	};
	s->endings = g_array_new(FALSE, FALSE, sizeof(struct ending));
	s->modules = modules_new();
	s->unwinder = unwinder_new(s->modules, arch_regs_own());
	s->jits = jits_new();
	s->python = python_new();
	s->pythons = pythons_new(s->samples, s->modules, s->python, watch);
	s->naming = naming_new();
	s->stacks = stacks_new();
	s->crowd = SPACES_LEAST;
	s->vdso = samples_file_named(s->samples, 0, 0, "[vdso]");
	((struct sample_file *)s->samples->files->pdata[s->vdso])->pinned = true;
	modules_vdso(s->modules, s->vdso, &s->vdso_size);
	return s;
}

void sampler_free(struct sampler *s)
{
	if (!s)
		return;
	unwinder_free(s->unwinder);
	jits_free(s->jits);
	pythons_free(s->pythons);
	python_free(s->python);
	modules_free(s->modules);
	naming_free(s->naming);
	stacks_free(s->stacks);
	samples_free(s->samples);
	g_array_unref(s->endings);
	g_free(s);
}

void sampler_expect(struct sampler *s, const char *path)
{
	pythons_expect(s->pythons, path);
}

/* Does the record hold the whole path? It ends after the last part of the path. */
static bool file_fits(const struct tare_record *head, const struct tare_file *file)
{
	size_t before = (const char *)file - (const char *)head;

	return file->names <= TARE_PATH_PARTS &&
	       head->size >=
		       before + sizeof(*file) - (TARE_PATH_PARTS - file->names) * TARE_PART_LEN;
}

static int take_record(struct sampler *s, const struct proctable *proctable,
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
		extra = sample_before_stack(sample);
		if (head->size - sizeof(*sample) < extra ||
		    head->size - sizeof(*sample) - extra < sample->stack ||
		    sample->chain > TARE_CHAIN_FRAMES || sample->kind >= TARE_KINDS)
			return -EINVAL;
		sampler_sample(s, proctable, sample);
		return 0;
	case TARE_REC_VMA:
		if (head->size != sizeof(struct tare_vma))
			return -EINVAL;
		sampler_vma(s, (const void *)head);
		return 0;
	case TARE_REC_MAP:
		if (head->size < sizeof(*map) - sizeof(map->file) + file ||
		    !file_fits(head, &map->file))
			return -EINVAL;
		sampler_map(s, map);
		return 0;
	case TARE_REC_IMAGE:
		if (head->size < sizeof(*image) - sizeof(image->file) + file ||
		    !file_fits(head, &image->file))
			return -EINVAL;
		sampler_image(s, image);
		return 0;
	case TARE_REC_PYTHON_CODE:
		if (head->size < sizeof(struct tare_python_code) - TARE_PYTHON_TABLE)
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

int sampler_record(struct sampler *s, const struct proctable *proctable, const void *data,
		   size_t size)
{
	const struct tare_record *head = data;
	int err = size < sizeof(*head) || head->size > size ? -EINVAL :
							      take_record(s, proctable, head);

	s->malformed += !!err;
	return err;
}

void sampler_task_ended(struct sampler *s, const struct tare_task *task)
{
	struct ending e = { .task = task->id, .time_ns = task->end_ns, .peak_seq = task->peak_seq };

	g_array_append_val(s->endings, e);
}

void sampler_caught_up(struct sampler *s)
{
	for (unsigned i = 0; i < s->endings->len; i++) {
		const struct ending *e = &g_array_index(s->endings, struct ending, i);

		if (e->into_task) {
			samples_fold(s->samples, e->task, e->into_task, e->into_proc);
			continue;
		}
		samples_task_ended(s->samples, e->task, e->time_ns, e->peak_seq);
		python_task_ended(s->python, e->task);
	}
	g_array_set_size(s->endings, 0);
	jits_round(s->jits);
	if (jits_crowded(s->jits))
		samples_collect(s->samples);
}

void sampler_fold(struct sampler *s, uint64_t task, uint64_t into_task, uint64_t into_proc)
{
	struct ending e = { .task = task, .into_task = into_task, .into_proc = into_proc };

	g_array_append_val(s->endings, e);
}

static bool lost_row(void *proctable, uint64_t task, uint64_t proc, uint64_t *into_task,
		     uint64_t *into_proc)
{
	const struct proctable_task *row = proctable_lost_row(proctable, task, proc);

	if (!row)
		return false;
	*into_task = row->id;
	*into_proc = row->proc;
	return true;
}

void sampler_lost(struct sampler *s, const struct proctable *proctable)
{
	sampler_caught_up(s); /* first, since folded tasks are not in the table either */
	samples_fold_into(s->samples, lost_row, (void *)proctable);
}

bool sampler_full(const struct sampler *s)
{
	return samples_full(s->samples);
}

bool sampler_crowded(const struct sampler *s)
{
	return g_hash_table_size(s->samples->spaces) > s->crowd;
}

void sampler_swept(struct sampler *s)
{
	unsigned n = s->alive ? g_hash_table_size(s->alive) : 0;

	if (s->alive)
		samples_keep(s->samples, s->alive);
	jits_keep(s->jits, s->samples->spaces);
	pythons_keep(s->pythons, s->samples->spaces);
	g_clear_pointer(&s->alive, g_hash_table_unref);
	s->crowd = MAX(SPACES_LEAST, 2 * n);
}

/* Call `fn` for each address space in a buffer of records. */
static void each_mm(const void *data, size_t size, void (*fn)(void *ctx, const struct tare_mm *mm),
		    void *ctx)
{
	const char *at = data;

	while (size >= sizeof(struct tare_record)) {
		const struct tare_mm_end *mm = (const void *)at;

		if (mm->head.size < sizeof(mm->head) || mm->head.size > size)
			return;
		if (mm->head.type == TARE_REC_MM && mm->head.size >= sizeof(*mm))
			fn(ctx, &mm->mm);
		size -= mm->head.size;
		at += mm->head.size;
	}
}

struct finding {
	struct sampler *s;
	struct proctable *proctable;
};

static void know_found(void *ctx, const struct tare_mm *mm)
{
	const struct finding *f = ctx;
	const struct proctable_proc *proc = proctable_find_proc(f->proctable, mm->proc);

	if (proc)
		sampler_read_space(f->s, samples_space(f->s->samples, mm->id), proc->pid);
}

void sampler_found(struct sampler *s, struct proctable *proctable, const void *data, size_t size)
{
	struct finding f = { s, proctable };

	each_mm(data, size, know_found, &f);
}

static void note_alive(void *alive, const struct tare_mm *mm)
{
	g_hash_table_add(alive, g_memdup2(&mm->id, sizeof(mm->id)));
}

void sampler_alive(struct sampler *s, const void *data, size_t size)
{
	if (!s->alive)
		s->alive = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	each_mm(data, size, note_alive, s->alive);
}

void sampler_thrifty(struct sampler *s)
{
	modules_limit(s->modules, THRIFTY_FILES);
}

void sampler_shrink(struct sampler *s)
{
	struct samples_limits l = s->samples->limit;

	samples_limits_set(s->samples,
			   &(struct samples_limits){
				   .aggregates = MAX(l.aggregates / 2, SHRUNK_LEAST),
				   .virtual = MAX(l.virtual / 2, SHRUNK_LEAST),
				   .nodes = MAX(l.nodes / 2, 8 * SHRUNK_LEAST),
				   .names = l.names,
				   .files = l.files,
				   .live_samples = MAX(l.live_samples / 2, 8 * SHRUNK_LEAST),
			   });
	samples_collect(s->samples);
	modules_close(s->modules);
}
