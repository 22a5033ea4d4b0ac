/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A sample's stack: unwinds it, names frames in code that is in no file (JIT), and inserts Python's
 * functions.
 */
#include <string.h>

#include "bpf/calls.h"
#include "capture/sampler_state.h"

static uint32_t push_synthetic(struct sampler *s, uint32_t node, enum frame_synthetic mark)
{
	struct frame f = { .address = mark, .file = NO_FILE, .flags = FRAME_SYNTHETIC };

	return samples_push(s->samples, node, &f);
}

/* Name JIT code now: its address may be used again for other code. */
static void name_code(struct sampler *s, const struct space *space, struct unwound *w)
{
	bool looked = false;

	for (unsigned i = 0; i < w->n; i++) {
		struct frame *f = &w->frames[i];
		uint64_t start;
		const char *name;

		if (f->file != NO_FILE || f->flags & FRAME_SYNTHETIC)
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

/* Does the stack have Python's functions already, by the perf map that Python wrote (-X perf)? */
static bool has_python(const struct sampler *s, const struct unwound *w)
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

static uint32_t push_user(struct sampler *s, struct space *space, const struct tare_sample *sample,
			  const void *stack)
{
	struct unwound w;

	if (!sample->stack) {
		s->samples->no_stack += !(sample->flags & TARE_SAMPLE_VIRTUAL);
		return push_synthetic(s, NO_NODE,
				      calls_execve(sample->cause) ? SYNTHETIC_EXECVE :
								    SYNTHETIC_NO_STACK);
	}
	w = unwind_sample(s->unwinder, space, sample, stack);
	if (space != s->samples->nowhere)
		name_code(s, space, &w);
	if (!has_python(s, &w))
		w = python_merge(s->python, sample, &w, number_name, s->samples);
	if (!(sample->flags & TARE_SAMPLE_VIRTUAL)) {
		s->samples->complete += w.complete;
		s->samples->truncated += !w.complete;
		s->samples->fallback += w.fallback;
	}
	return stacks_push(s->stacks, s->samples, w.frames, w.n);
}

size_t sample_before_stack(const struct tare_sample *sample)
{
	return (sample->flags & TARE_SAMPLE_KERNEL ? TARE_KERNEL_FRAMES * 8 : 0) +
	       (sample->flags & TARE_SAMPLE_CHAIN ? TARE_CHAIN_FRAMES * 8 : 0);
}

void sampler_sample(struct sampler *s, const struct proctable *proctable,
		    const struct tare_sample *sample)
{
	const uint64_t *kernel = (const void *)(sample + 1);
	bool has_kernel = sample->flags & TARE_SAMPLE_KERNEL;
	const char *stack = (const char *)kernel + sample_before_stack(sample);
	struct space *space = samples_space(s->samples, sample->mm);
	const struct proctable_task *t = g_hash_table_lookup(proctable->tasks, &sample->task);
	char name[TARE_COMM_LEN + 1] = "";
	uint32_t node;

	if (t)
		memcpy(name, t->state->comm, TARE_COMM_LEN);

	space->pid = sample->tgid;
	space->proc = sample->proc;
	sampler_read_space(s, space, sample->tgid);
	node = push_user(s, space, sample, stack);
	if (sample->flags & TARE_SAMPLE_VIRTUAL) {
		samples_virtual(s->samples, sample, node);
		return;
	}
	for (unsigned i = TARE_KERNEL_FRAMES; has_kernel && i-- > 0;) {
		struct frame f = { .address = kernel[i], .file = NO_FILE, .flags = FRAME_KERNEL };

		if (kernel[i])
			node = samples_push(s->samples, node, &f);
	}
	samples_add(s->samples, sample, node, samples_name(s->samples, name));
}
