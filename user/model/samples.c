/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/samples.h"

#include <elf.h>
#include <string.h>
#include <sys/mman.h>

/* One sample whose memory lives. */
struct life {
	uint64_t page;
	uint64_t bytes;
	uint64_t born_seq;
	uint32_t tally;
};

/* A sample that waits for the record of its range. */
struct early {
	struct tare_sample sample;
	uint32_t node, thread_name;
};

/* Kernel stacks live in no address space: by the number of their task. */
#define STACKS UINT64_MAX
/* Nor does other kernel memory: what a task holds at its end is nobody's. By its task too,
 * which has many: so many numbers each. */
#define KMEMS (UINT64_MAX - 1)
#define KMEM_BITS 24

static int by_page(gconstpointer a, gconstpointer b, gpointer unused)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	(void)unused;
	return x < y ? -1 : x > y;
}

static void file_free(gpointer p)
{
	g_free(((struct sample_file *)p)->path);
	g_free(p);
}

static void tree_free(gpointer tree)
{
	g_tree_unref(tree);
}

struct samples *samples_new(uint64_t page_size)
{
	struct samples *s = g_new0(struct samples, 1);

	s->page_size = page_size;
	s->spaces = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, space_free);
	s->lives = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, tree_free);
	s->frames = intern_new(sizeof(struct frame));
	s->nodes = intern_new(sizeof(struct stack_node));
	s->keys = intern_new(sizeof(struct tally_key));
	s->tallies = g_array_new(FALSE, TRUE, sizeof(struct tally));
	s->early = g_array_new(FALSE, FALSE, sizeof(struct early));
	s->asked = asked_new();
	s->asked_keys = intern_new(sizeof(struct tally_key));
	s->asked_tallies = g_array_new(FALSE, TRUE, sizeof(struct asked_tally));
	s->names = g_ptr_array_new_with_free_func(g_free);
	s->name_numbers = g_hash_table_new(g_str_hash, g_str_equal);
	s->files = g_ptr_array_new_with_free_func(file_free);
	s->file_numbers = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s->timeline = timeline_new();
	samples_name(s, "");
	return s;
}

void samples_free(struct samples *s)
{
	if (!s)
		return;
	g_hash_table_unref(s->spaces);
	g_hash_table_unref(s->lives);
	intern_free(s->frames);
	intern_free(s->nodes);
	intern_free(s->keys);
	g_array_unref(s->tallies);
	g_array_unref(s->early);
	asked_free(s->asked);
	intern_free(s->asked_keys);
	g_array_unref(s->asked_tallies);
	g_hash_table_unref(s->name_numbers);
	g_ptr_array_unref(s->names);
	g_ptr_array_unref(s->files);
	g_hash_table_unref(s->file_numbers);
	timeline_free(s->timeline);
	g_free(s);
}

struct space *samples_space(struct samples *s, uint64_t mm)
{
	struct space *space = g_hash_table_lookup(s->spaces, &mm);

	if (!space) {
		space = space_new(mm);
		g_hash_table_insert(s->spaces, &space->id, space);
	}
	return space;
}

uint32_t samples_name(struct samples *s, const char *name)
{
	gpointer number;
	char *copy;

	if (g_hash_table_lookup_extended(s->name_numbers, name, NULL, &number))
		return GPOINTER_TO_UINT(number);
	copy = g_strdup(name);
	g_ptr_array_add(s->names, copy);
	g_hash_table_insert(s->name_numbers, copy, GUINT_TO_POINTER(s->names->len - 1));
	return s->names->len - 1;
}

static uint32_t file_number(struct samples *s, struct sample_file f)
{
	g_autofree char *key =
		g_strdup_printf("%u %" G_GUINT64_FORMAT " %s", f.dev, f.inode, f.path);
	gpointer number;

	if (g_hash_table_lookup_extended(s->file_numbers, key, NULL, &number)) {
		g_free(f.path);
		return GPOINTER_TO_UINT(number);
	}
	g_ptr_array_add(s->files, g_memdup2(&f, sizeof(f)));
	g_hash_table_insert(s->file_numbers, g_steal_pointer(&key),
			    GUINT_TO_POINTER(s->files->len - 1));
	return s->files->len - 1;
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
	return file_number(s, (struct sample_file){ inode, dev, g_strdup(path), false, true });
}

/* When, as the records have it. */
struct moment {
	uint64_t time_ns, peak_seq;
};

static void ended(struct samples *s, const struct life *l, struct moment now)
{
	struct tally *t = &g_array_index(s->tallies, struct tally, l->tally);
	uint64_t peak_seq = now.peak_seq;

	t->live -= l->bytes;
	timeline_add(s->timeline, now.time_ns, l->tally, 0, l->bytes);
	if (l->born_seq >= peak_seq)
		return; /* no peak came in its time */
	if (t->peak_seq != peak_seq) {
		if (t->peak_seq > peak_seq)
			return;
		t->peak_seq = peak_seq;
		t->at_peak = 0;
	}
	t->at_peak += l->bytes;
}

/* End the life of all samples on the pages [page, end). */
static void end_pages(struct samples *s, uint64_t mm, uint64_t page, uint64_t end,
		      struct moment now)
{
	GTree *tree = g_hash_table_lookup(s->lives, &mm);
	GTreeNode *node = tree ? g_tree_lower_bound(tree, &page) : NULL;

	while (node) {
		struct life *l = g_tree_node_value(node);

		if (l->page >= end)
			break;
		page = l->page;
		ended(s, l, now);
		g_tree_remove(tree, &page);
		node = g_tree_lower_bound(tree, &page);
	}
}

/* Of all in [start, end). */
static void end_range(struct samples *s, uint64_t mm, uint64_t start, uint64_t end,
		      struct moment now)
{
	end_pages(s, mm, start / s->page_size, (end + s->page_size - 1) / s->page_size, now);
}

static struct moment moment_of(const struct tare_range *r)
{
	return (struct moment){ r->head.time_ns, r->peak_seq };
}

static void move_lives(struct samples *s, const struct tare_range *r)
{
	GTree *tree = g_hash_table_lookup(s->lives, &r->mm);
	uint64_t page = r->start / s->page_size, first = page, to = r->a / s->page_size;
	uint64_t size = MIN(r->size, r->b), kept = size / s->page_size;
	g_autoptr(GPtrArray) moved = g_ptr_array_new();
	GTreeNode *node;

	if (!tree || r->a == r->start)
		return;
	end_range(s, r->mm, r->a, r->a + r->b, moment_of(r));
	for (node = g_tree_lower_bound(tree, &page); node; node = g_tree_node_next(node)) {
		const struct life *l = g_tree_node_value(node);

		if (l->page >= first + kept)
			break;
		g_ptr_array_add(moved, g_memdup2(l, sizeof(*l)));
	}
	for (unsigned i = 0; i < moved->len; i++) {
		struct life *l = moved->pdata[i];

		g_tree_remove(tree, &l->page);
		l->page = l->page - first + to;
		g_tree_replace(tree, &l->page, l);
	}
}

/* Pages that are in no tree are those whose place is not known: they live as long
 * as their address space. They go behind all addresses. */
static void begin_life(struct samples *s, const struct tare_sample *sample, uint32_t tally)
{
	uint64_t mm = sample->kind == TARE_KSTACK ? STACKS :
		      sample->kind == TARE_KMEM   ? KMEMS :
						    sample->mm;
	GTree *tree = g_hash_table_lookup(s->lives, &mm);
	struct life *old, *l = g_new(struct life, 1);

	if (!tree) {
		tree = g_tree_new_full(by_page, NULL, NULL, g_free);
		g_hash_table_insert(s->lives, g_memdup2(&mm, sizeof(mm)), tree);
	}
	*l = (struct life){ sample->address / s->page_size, sample->bytes, sample->peak_seq,
			    tally };
	if (mm == STACKS)
		l->page = sample->task;
	else if (mm == KMEMS)
		l->page = sample->task << KMEM_BITS | (s->taken & ((1 << KMEM_BITS) - 1));
	else if (sample->flags & TARE_SAMPLE_NO_ADDRESS)
		l->page = (1ULL << 52) + s->taken;
	old = g_tree_lookup(tree, &l->page);
	if (old) /* its end was not seen */
		ended(s, old, (struct moment){ sample->head.time_ns, sample->peak_seq });
	g_tree_replace(tree, &l->page, l);
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

static void add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		uint32_t thread_name)
{
	struct space *space = samples_space(s, sample->mm);
	struct range *stack = space_find(space, sample->regs[19]);
	struct tally_key key;
	struct tally *t;
	uint32_t number;

	/* That of a new task is of the one that made it. */
	if (stack && stack->place == PLACE_ANON && sample->stack && sample->kind < TARE_KSTACK) {
		stack->place = PLACE_STACK;
		stack->name = thread_name;
	}
	key = key_of(space, sample, node);
	number = intern_put(s->keys, &key);
	if (number == s->tallies->len)
		g_array_set_size(s->tallies, number + 1);
	t = &g_array_index(s->tallies, struct tally, number);
	t->proc = sample->proc;
	t->count++;
	t->grown += sample->bytes;
	t->live += sample->bytes;
	timeline_add(s->timeline, sample->head.time_ns, number, sample->bytes, 0);
	begin_life(s, sample, number);
	if (s->added)
		s->added(s->added_ctx, sample, number);
}

void samples_add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		 uint32_t thread_name)
{
	struct early early = { *sample, node, thread_name };

	s->taken++;
	s->mapped += sample->kind < TARE_MEMBERS;
	if (sample->flags & TARE_SAMPLE_EARLY)
		g_array_append_val(s->early, early);
	else
		add(s, sample, node, thread_name);
}

/* The samples that waited for this range. */
static void told(struct samples *s, uint64_t mm, uint64_t start, uint64_t end)
{
	unsigned kept = 0;

	for (unsigned i = 0; i < s->early->len; i++) {
		struct early e = g_array_index(s->early, struct early, i);

		if (e.sample.mm == mm && e.sample.address >= start && e.sample.address < end)
			add(s, &e.sample, e.node, e.thread_name);
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
		.place = r->a & 4          ? PLACE_JIT :
			 r->b & MAP_SHARED ? PLACE_SHM :
					     PLACE_ANON,
		.code = r->a & 4,
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

void samples_range(struct samples *s, const struct tare_range *r)
{
	struct space *space = samples_space(s, r->mm), *parent;
	uint64_t end = r->start + r->size;

	if (end < r->start)
		return;
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
		if (r->a == 4 || r->a == 9 || r->a == 24)
			end_range(s, r->mm, r->start, end, moment_of(r));
		break;
	case TARE_RANGE_HEAP:
		if (!space->start_brk || r->a < space->start_brk)
			break;
		end = space->start_brk + (1ULL << 40);
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
		told(s, r->mm, 0, UINT64_MAX);
		end_pages(s, r->mm, 0, UINT64_MAX, moment_of(r)); /* those without an address too */
		g_hash_table_remove(s->lives, &r->mm);
		asked_gone(s->asked, r->mm);
		g_array_set_size(space->ranges, 0);
		break;
	}
}

enum place_kind samples_place(const char *path)
{
	static const char *const shared[] = { "/memfd:", "/dev/shm/", "/SYSV", "/dev/zero" };

	if (strstr(path, "[io_uring]"))
		return PLACE_URING;
	for (unsigned i = 0; i < G_N_ELEMENTS(shared); i++)
		if (g_str_has_prefix(path, shared[i]))
			return PLACE_SHM;
	return PLACE_FILE;
}

uint32_t samples_map(struct samples *s, const struct tare_map *m)
{
	struct space *space = samples_space(s, m->mm);
	struct range range = {
		.start = m->start,
		.end = m->start + m->size,
		.offset = m->offset,
		.file = samples_file(s, &m->file),
		.code = m->prot & 4,
	};
	const struct sample_file *f = s->files->pdata[range.file];

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

	g_array_set_size(space->ranges, 0);
	space->proc = i->proc;
	space->known = true;
	space->pid = i->tgid;
	space->start_stack = i->start_stack;
	space->start_brk = i->start_brk;
	*exe = samples_file(s, &i->file);
	return space;
}

uint32_t samples_push(struct samples *s, uint32_t node, const struct frame *f)
{
	struct stack_node n = { node, intern_put(s->frames, f) };

	return intern_put(s->nodes, &n);
}

void samples_asked(struct samples *s, const struct tare_sample *sample, uint32_t node)
{
	struct tally_key key = key_of(samples_space(s, sample->mm), sample, node);
	uint32_t number = intern_put(s->asked_keys, &key);
	struct asked_tally *t;

	if (number == s->asked_tallies->len)
		g_array_set_size(s->asked_tallies, number + 1);
	t = &g_array_index(s->asked_tallies, struct asked_tally, number);
	t->count++;
	t->bytes += sample->bytes;
	asked_add(s->asked, sample->mm, sample->address, sample->size, sample->bytes, number);
}

struct untouched {
	const struct samples *s;
	double *bytes; /* of each asked_tally */
};

static void add_untouched(void *ctx, uint64_t mm, uint64_t start, uint64_t end, double weight,
			  uint32_t who)
{
	struct untouched *u = ctx;
	GTree *tree = g_hash_table_lookup(u->s->lives, &mm);
	uint64_t page = start / u->s->page_size;
	GTreeNode *node = tree ? g_tree_lower_bound(tree, &page) : NULL;
	double bytes = (double)(end - start);

	for (; node; node = g_tree_node_next(node)) {
		const struct life *l = g_tree_node_value(node);

		if (l->page >= end / u->s->page_size)
			break;
		bytes -= (double)l->bytes;
	}
	u->bytes[who] += bytes * weight;
}

void samples_untouched(const struct samples *s, int64_t *untouched)
{
	g_autofree double *bytes = g_new0(double, s->asked_tallies->len + 1);
	struct untouched u = { s, bytes };

	asked_each(s->asked, add_untouched, &u);
	/* By stack and not by range: one sample in a short range stands for others'. */
	for (unsigned i = 0; i < s->asked_tallies->len; i++)
		untouched[i] = (int64_t)MAX(bytes[i], 0);
}

void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq)
{
	struct moment now = { time_ns, peak_seq };

	end_pages(s, STACKS, task, task + 1, now);
	end_pages(s, KMEMS, task << KMEM_BITS, (task + 1) << KMEM_BITS, now);
}

struct look {
	const struct samples *s;
	uint64_t peak_seq;
	uint64_t *at_peak;
};

static gboolean add_life(gpointer page, gpointer life, gpointer data)
{
	const struct life *l = life;
	struct look *look = data;

	(void)page;
	if (l->born_seq < look->peak_seq)
		look->at_peak[l->tally] += l->bytes;
	return FALSE;
}

void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end)
{
	struct look look = { s, peak_seq, at_peak };
	GHashTableIter iter;
	gpointer tree;

	for (unsigned i = 0; i < s->tallies->len; i++) {
		const struct tally *t = &g_array_index(s->tallies, struct tally, i);

		at_end[i] = MAX(t->live, 0);
		at_peak[i] = t->peak_seq == peak_seq ? t->at_peak : 0;
	}
	g_hash_table_iter_init(&iter, s->lives);
	while (g_hash_table_iter_next(&iter, NULL, &tree))
		g_tree_foreach(tree, add_life, &look);
}
