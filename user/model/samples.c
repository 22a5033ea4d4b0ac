/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/samples.h"

#include <string.h>
#include <sys/mman.h>

#include "bpf/calls.h"
#include "model/samples_impl.h"

/* Bytes from the heap's start that it, and nothing else, can reach. */
#define HEAP_MOST (1ULL << 40)

struct samples *samples_new(uint64_t page_size)
{
	struct samples *s = g_new0(struct samples, 1);

	s->page_size = page_size;
	s->spaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, space_free);
	s->lives = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, lives_free);
	s->frames = intern_new(sizeof(struct frame));
	s->nodes = intern_new(sizeof(struct stack_node));
	s->tallies = tallies_new();
	s->asked_tallies = tallies_new();
	s->early = g_array_new(FALSE, FALSE, sizeof(struct early));
	s->asked = asked_new();
	samples_names_new(s);
	s->timeline = timeline_new();
	s->nowhere = space_new(UINT64_MAX);
	s->nowhere->known = true;
	samples_limits_set(s, &(struct samples_limits){ .tallies = 64000,
							.asked = 20000,
							.nodes = 131072,
							.names = 32768,
							.files = 16384,
							.lives = 200000 });
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
	g_hash_table_unref(s->lives);
	intern_free(s->frames);
	intern_free(s->nodes);
	tallies_free(s->tallies);
	tallies_free(s->asked_tallies);
	g_array_unref(s->early);
	asked_free(s->asked);
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

/* Of all in [start, end). */
static void end_range(struct samples *s, uint64_t mm, uint64_t start, uint64_t end,
		      struct moment now)
{
	samples_end_pages(s, mm, start / s->page_size, (end + s->page_size - 1) / s->page_size,
			  now);
}

static struct moment moment_of(const struct tare_range *r)
{
	return (struct moment){ r->head.time_ns, r->peak_seq };
}

static void note_life(void *lives, struct life *l)
{
	g_array_append_vals(lives, l, 1);
}

static void move_lives(struct samples *s, const struct tare_range *r)
{
	struct lives *lives = g_hash_table_lookup(s->lives, &r->mm);
	uint64_t first = r->start / s->page_size, to = r->a / s->page_size;
	uint64_t size = MIN(r->size, r->b), kept = size / s->page_size;
	g_autoptr(GArray) moved = g_array_new(FALSE, FALSE, sizeof(struct life));

	if (!lives || r->a == r->start)
		return;
	end_range(s, r->mm, r->a, r->a + r->b, moment_of(r));
	lives_cut(lives, first, first + kept, note_life, moved);
	for (unsigned i = 0; i < moved->len; i++) {
		struct life *l = &g_array_index(moved, struct life, i);

		l->page = l->page - first + to;
		lives_put(lives, l, NULL);
	}
}

static struct tally_key key_of(const struct space *space, const struct tare_sample *sample,
			       uint32_t node)
{
	const struct range *r = space_find(space, sample->address);
	struct tally_key key = {
		.task = sample->task,
		.kind = sample->kind,
		.cause = sample->cause,
		.node = node,
		.file = NO_FILE,
	};

	if (!(sample->flags & TARE_SAMPLE_NO_ADDRESS)) {
		key.place = space_place(space, sample->address);
		key.name = r ? r->name : 0;
		key.file = r ? r->file : NO_FILE;
	}
	return key;
}

static void add(struct samples *s, const struct early *e)
{
	const struct tare_sample *sample = &e->sample;
	struct space *space = samples_space(s, sample->mm);
	const struct range *stack = space_find(space, sample->regs[ARCH_REG_SP]);
	bool lives = space != s->nowhere || sample->kind >= TARE_KSTACK; /* by task */
	struct tally_key key;
	struct tally *t;
	uint32_t number;

	/* That of a new task is of the one that made it. */
	if (stack && stack->place == PLACE_ANON && sample->stack && sample->kind < TARE_KSTACK)
		space_stack(space, stack, e->thread_name);
	key = key_of(space, sample, e->node);
	number = tallies_put(s->tallies, &key);
	t = tallies_at(s->tallies, number);
	t->proc = sample->proc;
	t->count += e->count;
	t->grown += sample->bytes;
	timeline_add(s->timeline, sample->head.time_ns, number, sample->bytes,
		     lives ? 0 : sample->bytes);
	if (lives) {
		t->live += (int64_t)sample->bytes;
		samples_begin_life(s, sample, number);
	}
	if (s->watch.sample)
		s->watch.sample(s->watch.ctx, sample, t->id);
}

static bool alike(const struct early *a, const struct early *b)
{
	return a->node == b->node && a->sample.mm == b->sample.mm &&
	       a->sample.task == b->sample.task && a->sample.kind == b->sample.kind &&
	       a->sample.cause == b->sample.cause;
}

/* A large mapping is filled: of two samples next to each other one stands for both. */
static void pair_early(struct samples *s)
{
	struct early *e = (struct early *)s->early->data;
	unsigned kept = 0;

	for (unsigned i = 0; i < s->early->len; i++) {
		e[kept] = e[i];
		if (i + 1 < s->early->len && alike(&e[i], &e[i + 1])) {
			i++;
			e[kept].count += e[i].count;
			e[kept].sample.bytes += e[i].sample.bytes;
		}
		kept++;
	}
	g_array_set_size(s->early, kept);
}

/* Those that waited longest, for what was lost it seems, go as they are. */
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
		add(s, &g_array_index(s->early, struct early, i));
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
		add(s, &early);
	if (samples_crowded(s))
		samples_settle(s);
}

/* The samples that waited for this range. */
static void told(struct samples *s, uint64_t mm, uint64_t start, uint64_t end)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->early->len; i++) {
		struct early e = g_array_index(s->early, struct early, i);

		if (e.sample.mm == mm && e.sample.address >= start && e.sample.address < end)
			add(s, &e);
		else
			g_array_index(s->early, struct early, kept++) = e;
	}
	g_array_set_size(s->early, kept);
}

static void on_anon(struct samples *s, struct space *space, const struct tare_range *r)
{
	struct range range = {
		.start = r->start,
		.end = r->start + r->size,
		.file = NO_FILE,
		.place = calls_makes_code(r->a) ? PLACE_JIT :
			 r->b & MAP_SHARED      ? PLACE_SHM :
						  PLACE_ANON,
		.code = calls_makes_code(r->a),
	};

	end_range(s, r->mm, range.start, range.end, moment_of(r));
	asked_unset(s->asked, r->mm, range.start, range.end);
	space_set(space, &range);
	told(s, r->mm, range.start, range.end);
}

static void on_shm(struct samples *s, struct space *space, const struct tare_range *r, bool gone)
{
	const struct range *old = space_find(space, r->start);
	struct range range = {
		.start = r->start,
		.end = r->start + MAX(r->size, s->page_size),
		.file = NO_FILE,
		.place = PLACE_SHM,
	};

	if (!gone) {
		space_set(space, &range);
	} else if (old && old->start == r->start) {
		range.end = old->end;
		end_range(s, r->mm, range.start, range.end, moment_of(r));
		space_unset(space, range.start, range.end);
	}
}

static void space_gone(struct samples *s, uint64_t mm, struct moment now)
{
	told(s, mm, 0, UINT64_MAX);
	samples_end_pages(s, mm, 0, UINT64_MAX, now); /* those without an address too */
	g_hash_table_remove(s->lives, &mm);
	asked_gone(s->asked, mm);
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

void samples_range(struct samples *s, const struct tare_range *r)
{
	struct space *space = samples_space(s, r->mm), *parent;
	uint64_t end = r->start + r->size;

	if (end < r->start || space == s->nowhere)
		return;
	note_moment(s, r->head.time_ns, r->peak_seq);
	space->pid = r->tgid;
	switch (r->what) {
	case TARE_RANGE_ANON:
		on_anon(s, space, r);
		break;
	case TARE_RANGE_UNMAP:
		end_range(s, r->mm, r->start, end, moment_of(r));
		asked_unset(s->asked, r->mm, r->start, end);
		space_unset(space, r->start, end);
		break;
	case TARE_RANGE_MOVE:
		asked_move(s->asked, r->mm, r->start, r->size, r->a, r->b);
		move_lives(s, r);
		if (r->size > r->b || r->a != r->start)
			end_range(s, r->mm, r->a == r->start ? r->start + r->b : r->start, end,
				  moment_of(r));
		space_move(space, r->start, r->size, r->a, r->b);
		told(s, r->mm, r->a, r->a + r->b);
		break;
	case TARE_RANGE_DISCARD:
		if (calls_gives_back(r->a))
			end_range(s, r->mm, r->start, end, moment_of(r));
		break;
	case TARE_RANGE_HEAP:
		if (!space->start_brk || r->a < space->start_brk)
			break;
		end = space->start_brk + HEAP_MOST;
		end_range(s, r->mm, r->a, end, moment_of(r));
		asked_unset(s->asked, r->mm, r->a, end);
		break;
	case TARE_RANGE_PROTECT:
		space_code(space, r->start, end);
		break;
	case TARE_RANGE_NAME: {
		g_autofree char *name = g_strndup(r->name, TARE_NAME_LEN);

		space_name(space, r->start, end, samples_name(s, name));
		break;
	}
	case TARE_RANGE_SHM:
	case TARE_RANGE_UNSHM:
		on_shm(s, space, r, r->what == TARE_RANGE_UNSHM);
		break;
	case TARE_RANGE_FORK:
		space->proc = r->b;
		parent = g_hash_table_lookup(s->spaces, &r->a);
		if (parent)
			space_copy(space, parent);
		break;
	case TARE_RANGE_GONE:
		space_gone(s, r->mm, moment_of(r));
		break;
	}
}

uint32_t samples_map(struct samples *s, const struct tare_map *m)
{
	struct space *space = samples_space(s, m->mm);
	struct range range = {
		.start = m->start,
		.end = m->start + m->size,
		.offset = m->offset,
		.file = samples_file(s, &m->file),
		.code = calls_makes_code(m->prot),
	};
	const struct sample_file *f = s->files->pdata[range.file];

	if (space == s->nowhere)
		return range.file;
	note_moment(s, m->head.time_ns, m->peak_seq);
	space->pid = m->tgid;
	range.place = samples_place(f->path);
	end_range(s, m->mm, range.start, range.end,
		  (struct moment){ m->head.time_ns, m->peak_seq });
	asked_unset(s->asked, m->mm, range.start, range.end);
	space_set(space, &range);
	told(s, m->mm, range.start, range.end);
	return range.file;
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

void samples_asked(struct samples *s, const struct tare_sample *sample, uint32_t node)
{
	struct space *space = samples_space(s, sample->mm);
	struct tally_key key = key_of(space, sample, node);
	uint32_t number = tallies_put(s->asked_tallies, &key);
	struct tally *t = tallies_at(s->asked_tallies, number);

	t->proc = sample->proc;
	t->count++;
	t->grown += sample->bytes;
	if (space != s->nowhere)
		asked_add(s->asked, sample->mm, sample->address, sample->size, sample->bytes,
			  number);
	if (samples_crowded(s))
		samples_settle(s);
}
