/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Records of samples and of VMA changes, in the order of the ring. A sample is counted in one
 * aggregate and, if its memory has an owner that can end, as one live sample. A VMA change first
 * ends the live samples of the pages that it unmaps, replaces or discards, then changes the
 * space, then adds the early samples that waited for the VMA. This order keeps invariants 5 and 6
 * of samples_impl.h: no live sample is left on a page that was unmapped.
 */
#include "model/samples.h"

#include <string.h>
#include <sys/mman.h>

#include "bpf/calls.h"
#include "model/samples_impl.h"

/* Bytes from the heap's start that only the heap can use. */
#define HEAP_MOST (1ULL << 40)

struct samples *samples_new(uint64_t page_size)
{
	struct samples *s = g_new0(struct samples, 1);

	s->page_size = page_size;
	s->spaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, space_free);
	s->live_samples =
		g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, live_samples_free);
	s->frames = intern_new(sizeof(struct frame));
	s->nodes = intern_new(sizeof(struct stack_node));
	s->aggregates = aggregates_new();
	s->virtual_aggregates = aggregates_new();
	s->early = g_array_new(FALSE, FALSE, sizeof(struct early));
	s->virtual = virtual_new();
	samples_names_new(s);
	s->timeline = timeline_new();
	s->nowhere = space_new(UINT64_MAX);
	s->nowhere->known = true;
	samples_limits_set(s, &(struct samples_limits){ .aggregates = 64000,
							.virtual = 20000,
							.nodes = 131072,
							.names = 32768,
							.files = 16384,
							.live_samples = 200000 });
	s->folds = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
	s->random = 88172645463325252ULL;
	return s;
}

void samples_limits_set(struct samples *s, const struct samples_limits *limits)
{
	s->limit = s->next = *limits;
}

void samples_free(struct samples *s)
{
	if (!s)
		return;
	g_hash_table_unref(s->spaces);
	g_hash_table_unref(s->live_samples);
	intern_free(s->frames);
	intern_free(s->nodes);
	aggregates_free(s->aggregates);
	aggregates_free(s->virtual_aggregates);
	g_array_unref(s->early);
	virtual_free(s->virtual);
	samples_names_free(s);
	timeline_free(s->timeline);
	space_free(s->nowhere);
	g_hash_table_unref(s->folds);
	g_free(s);
}

static bool was_gone(const struct samples *s, uint64_t mm)
{
	for (unsigned i = 0; mm && i < SAMPLES_GONE; i++)
		if (s->gone[i] == mm)
			return true;
	return false;
}

struct space *samples_space(struct samples *s, uint64_t mm)
{
	struct space *space = g_hash_table_lookup(s->spaces, &mm);

	if (!space && was_gone(s, mm))
		return s->nowhere;
	if (!space) {
		space = space_new(mm);
		g_hash_table_insert(s->spaces, &space->id, space);
	}
	return space;
}

/* End all live samples in [start, end), which are addresses. */
static void end_vma(struct samples *s, uint64_t mm, uint64_t start, uint64_t end, struct moment now)
{
	samples_end_pages(s, mm, start / s->page_size, (end + s->page_size - 1) / s->page_size,
			  now);
}

static struct moment moment_of(const struct tare_vma *r)
{
	return (struct moment){ r->head.time_ns, r->peak_seq };
}

static void note_live(void *live_samples, struct live_sample *l)
{
	g_array_append_vals(live_samples, l, 1);
}

/* mremap: move the live samples of the kept part to the new address. */
static void move_live(struct samples *s, const struct tare_vma *r)
{
	struct live_samples *live_samples = g_hash_table_lookup(s->live_samples, &r->mm);
	uint64_t first = r->start / s->page_size, to = r->a / s->page_size;
	uint64_t size = MIN(r->size, r->b), kept = size / s->page_size;
	g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(struct live_sample));

	if (!live_samples || r->a == r->start)
		return;
	end_vma(s, r->mm, r->a, r->a + r->b, moment_of(r));
	live_samples_cut(live_samples, first, first + kept, note_live, moved);
	for (unsigned i = 0; i < moved->len; i++) {
		struct live_sample *l = &g_array_index(moved, struct live_sample, i);

		l->page = l->page - first + to;
		live_samples_put(live_samples, l, NULL);
	}
}

static struct aggregate_key key_of(const struct space *space, const struct tare_sample *sample,
				   uint32_t node)
{
	const struct vma *r = space_find(space, sample->address);
	struct aggregate_key key = {
		.task = sample->task,
		.kind = sample->kind,
		.cause = sample->cause,
		.node = node,
		.file = NO_FILE,
	};

	if (!(sample->flags & TARE_SAMPLE_NO_ADDRESS)) {
		key.mapping = space_mapping(space, sample->address);
		key.name = r ? r->name : 0;
		key.file = r ? r->file : NO_FILE;
	}
	return key;
}

static void add_sample(struct samples *s, const struct early *e)
{
	const struct tare_sample *sample = &e->sample;
	struct space *space = samples_space(s, sample->mm);
	const struct vma *stack = space_find(space, sample->regs[ARCH_REG_SP]);
	/* Kernel memory lives with its task, so a late record of an address space may count. */
	bool counted = space != s->nowhere || sample->kind >= TARE_KSTACK;
	struct aggregate_key key;
	struct aggregate *t;
	uint32_t number;

	/* Not for kernel memory: a new task's sample has the stack of the task that made it. */
	if (stack && stack->mapping == MAPPING_ANON && sample->stack && sample->kind < TARE_KSTACK)
		space_stack(space, stack, e->thread_name);
	key = key_of(space, sample, e->node);
	number = aggregates_put(s->aggregates, &key);
	t = aggregates_at(s->aggregates, number);
	t->proc = sample->proc;
	t->count += e->count;
	t->grown += sample->bytes;
	timeline_add(s->timeline, sample->head.time_ns, number, sample->bytes,
		     counted ? 0 : sample->bytes);
	if (counted) {
		t->live += (int64_t)sample->bytes;
		samples_begin_live(s, sample, number);
	}
	if (s->watch.sample)
		s->watch.sample(s->watch.ctx, sample, t->id);
}

static bool samples_alike(const struct early *a, const struct early *b)
{
	return a->node == b->node && a->sample.mm == b->sample.mm &&
	       a->sample.task == b->sample.task && a->sample.kind == b->sample.kind &&
	       a->sample.cause == b->sample.cause;
}

/* Samples of one large mapping that is being filled: of two neighbours in the array that are
 * alike, one stands for both. */
static void pair_early(struct samples *s)
{
	struct early *e = (struct early *)s->early->data;
	unsigned kept = 0;

	for (unsigned i = 0; i < s->early->len; i++) {
		e[kept] = e[i];
		if (i + 1 < s->early->len && samples_alike(&e[i], &e[i + 1])) {
			i++;
			e[kept].count += e[i].count;
			e[kept].sample.bytes += e[i].sample.bytes;
		}
		kept++;
	}
	g_array_set_size(s->early, kept);
}

/* Let a sample wait for the record of its VMA. When too many wait, the records of the oldest
 * ones were probably lost: these are added without their VMA. */
static void add_early(struct samples *s, const struct early *early)
{
	unsigned many = EARLY_MOST / 4;

	g_array_append_vals(s->early, early, 1);
	if (s->early->len < EARLY_MOST)
		return;
	pair_early(s);
	if (s->early->len <= EARLY_MOST - many)
		return;
	for (unsigned i = 0; i < many; i++)
		add_sample(s, &g_array_index(s->early, struct early, i));
	g_array_remove_range(s->early, 0, many);
}

static void note_moment(struct samples *s, uint64_t time_ns, uint64_t peak_seq)
{
	s->time_ns = MAX(s->time_ns, time_ns);
	s->peak_seq = MAX(s->peak_seq, peak_seq);
}

void samples_add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		 uint32_t thread_name)
{
	struct early early = { *sample, node, thread_name, 1 };

	s->taken++;
	s->mapped += sample->kind < TARE_MEMBERS;
	note_moment(s, sample->head.time_ns, sample->peak_seq);
	if (sample->flags & TARE_SAMPLE_EARLY)
		add_early(s, &early);
	else
		add_sample(s, &early);
	if (samples_crowded(s))
		samples_settle(s);
}

/* Add the samples that waited for this VMA. */
static void add_waiting(struct samples *s, uint64_t mm, uint64_t start, uint64_t end)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->early->len; i++) {
		struct early e = g_array_index(s->early, struct early, i);

		if (e.sample.mm == mm && e.sample.address >= start && e.sample.address < end)
			add_sample(s, &e);
		else
			g_array_index(s->early, struct early, kept++) = e;
	}
	g_array_set_size(s->early, kept);
}

static void on_anon(struct samples *s, struct space *space, const struct tare_vma *r)
{
	struct vma vma = {
		.start = r->start,
		.end = r->start + r->size,
		.file = NO_FILE,
		.mapping = calls_makes_code(r->a) ? MAPPING_JIT :
			   r->b & MAP_SHARED      ? MAPPING_SHM :
						    MAPPING_ANON,
		.code = calls_makes_code(r->a),
	};

	end_vma(s, r->mm, vma.start, vma.end, moment_of(r));
	virtual_unset(s->virtual, r->mm, vma.start, vma.end);
	space_set(space, &vma);
	add_waiting(s, r->mm, vma.start, vma.end);
}

static void on_shm(struct samples *s, struct space *space, const struct tare_vma *r, bool gone)
{
	const struct vma *old = space_find(space, r->start);
	struct vma vma = {
		.start = r->start,
		.end = r->start + MAX(r->size, s->page_size),
		.file = NO_FILE,
		.mapping = MAPPING_SHM,
	};

	if (!gone) {
		space_set(space, &vma);
	} else if (old && old->start == r->start) {
		vma.end = old->end;
		end_vma(s, r->mm, vma.start, vma.end, moment_of(r));
		space_unset(space, vma.start, vma.end);
	}
}

static void space_gone(struct samples *s, uint64_t mm, struct moment now)
{
	add_waiting(s, mm, 0, UINT64_MAX);
	samples_keep_untouched(s, mm);
	samples_end_pages(s, mm, 0, UINT64_MAX, now); /* also samples without an address */
	g_hash_table_remove(s->live_samples, &mm);
	virtual_gone(s->virtual, mm);
	if (!g_hash_table_remove(s->spaces, &mm))
		return;
	s->gone[s->gone_next++ % SAMPLES_GONE] = mm;
}

void samples_keep(struct samples *s, GHashTable *alive)
{
	g_autoptr(GArray) dead = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	GHashTableIter iter;
	gpointer mm, value;

	g_hash_table_iter_init(&iter, s->spaces);
	while (g_hash_table_iter_next(&iter, &mm, &value)) {
		struct space *space = value;
		bool missed = space->missed;

		space->missed = space->id && !g_hash_table_contains(alive, mm);
		if (space->missed && missed)
			g_array_append_vals(dead, mm, 1);
	}
	for (unsigned i = 0; i < dead->len; i++)
		space_gone(s, g_array_index(dead, uint64_t, i),
			   (struct moment){ s->time_ns, s->peak_seq });
}

void samples_vma(struct samples *s, const struct tare_vma *r)
{
	struct space *space = samples_space(s, r->mm), *parent;
	uint64_t end = r->start + r->size;

	if (end < r->start || space == s->nowhere)
		return;
	note_moment(s, r->head.time_ns, r->peak_seq);
	space->pid = r->tgid;
	switch (r->what) {
	case TARE_VMA_ANON:
		on_anon(s, space, r);
		break;
	case TARE_VMA_UNMAP:
		end_vma(s, r->mm, r->start, end, moment_of(r));
		virtual_unset(s->virtual, r->mm, r->start, end);
		space_unset(space, r->start, end);
		break;
	case TARE_VMA_MOVE:
		virtual_move(s->virtual, r->mm, r->start, r->size, r->a, r->b);
		move_live(s, r);
		if (r->size > r->b || r->a != r->start)
			end_vma(s, r->mm, r->a == r->start ? r->start + r->b : r->start, end,
				moment_of(r));
		space_move(space, r->start, r->size, r->a, r->b);
		add_waiting(s, r->mm, r->a, r->a + r->b);
		break;
	case TARE_VMA_DISCARD:
		if (calls_gives_back(r->a))
			end_vma(s, r->mm, r->start, end, moment_of(r));
		break;
	case TARE_VMA_HEAP:
		if (!space->start_brk || r->a < space->start_brk)
			break;
		end = space->start_brk + HEAP_MOST;
		end_vma(s, r->mm, r->a, end, moment_of(r));
		virtual_unset(s->virtual, r->mm, r->a, end);
		break;
	case TARE_VMA_PROTECT:
		space_code(space, r->start, end);
		break;
	case TARE_VMA_NAME: {
		g_autofree char *name = g_strndup(r->name, TARE_NAME_LEN);

		space_name(space, r->start, end, samples_name(s, name));
		break;
	}
	case TARE_VMA_SHM:
	case TARE_VMA_UNSHM:
		on_shm(s, space, r, r->what == TARE_VMA_UNSHM);
		break;
	case TARE_VMA_FORK:
		space->proc = r->b;
		parent = g_hash_table_lookup(s->spaces, &r->a);
		if (parent)
			space_copy(space, parent);
		break;
	case TARE_VMA_GONE:
		space_gone(s, r->mm, moment_of(r));
		break;
	}
}

uint32_t samples_map(struct samples *s, const struct tare_map *m)
{
	struct space *space = samples_space(s, m->mm);
	struct vma vma = {
		.start = m->start,
		.end = m->start + m->size,
		.offset = m->offset,
		.file = samples_file(s, &m->file),
		.code = calls_makes_code(m->prot),
	};
	const struct sample_file *f = s->files->pdata[vma.file];

	if (space == s->nowhere)
		return vma.file;
	note_moment(s, m->head.time_ns, m->peak_seq);
	space->pid = m->tgid;
	vma.mapping = samples_mapping(f->path);
	end_vma(s, m->mm, vma.start, vma.end, (struct moment){ m->head.time_ns, m->peak_seq });
	virtual_unset(s->virtual, m->mm, vma.start, vma.end);
	space_set(space, &vma);
	add_waiting(s, m->mm, vma.start, vma.end);
	return vma.file;
}

struct space *samples_image(struct samples *s, const struct tare_image *i, uint32_t *exe)
{
	struct space *space = samples_space(s, i->mm);

	space_clear(space);
	space->proc = i->proc;
	space->known = true;
	space->pid = i->tgid;
	space->start_stack = i->start_stack;
	space->start_brk = i->start_brk;
	*exe = samples_file(s, &i->file);
	return space;
}

void samples_virtual(struct samples *s, const struct tare_sample *sample, uint32_t node)
{
	struct space *space = samples_space(s, sample->mm);
	struct aggregate_key key = key_of(space, sample, node);
	uint32_t number = aggregates_put(s->virtual_aggregates, &key);
	struct aggregate *t = aggregates_at(s->virtual_aggregates, number);

	t->proc = sample->proc;
	t->count++;
	t->grown += sample->bytes;
	if (space != s->nowhere)
		virtual_add(s->virtual, sample->mm, sample->address, sample->size, sample->bytes,
			    number);
	if (samples_crowded(s))
		samples_settle(s);
}
