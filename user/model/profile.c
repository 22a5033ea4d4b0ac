/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/profile.h"

#include <math.h>
#include <string.h>

const char *const sample_type_name[SAMPLE_TYPES_ALL] = { "grown", "live-peak", "live-end",
							 "virtual", "untouched" };

const char *const mapping_name[MAPPINGS] = {
	[MAPPING_UNKNOWN] = "unknown", [MAPPING_ANON] = "anonymous",
	[MAPPING_HEAP] = "heap",       [MAPPING_STACK] = "stack",
	[MAPPING_FILE] = "file",       [MAPPING_SHM] = "shared memory",
	[MAPPING_JIT] = "jit code",    [MAPPING_URING] = "io_uring",
	[MAPPING_VDSO] = "vdso",
};

static void frame_clear(gpointer p)
{
	struct profile_frame *f = p;

	g_free(f->function);
	g_free(f->file);
	g_free(f->via);
}

static void module_clear(gpointer p)
{
	g_free(((struct profile_module *)p)->path);
	g_free(((struct profile_module *)p)->build_id);
}

static void virtual_clear(gpointer p)
{
	g_free(((struct profile_virtual *)p)->mapping_label);
}

static void entry_clear(gpointer p)
{
	g_free(((struct profile_entry *)p)->mapping_label);
}

GArray *profile_frames_new(void)
{
	GArray *frames = g_array_new(FALSE, TRUE, sizeof(struct profile_frame));

	g_array_set_clear_func(frames, frame_clear);
	return frames;
}

GArray *profile_entries_new(void)
{
	GArray *entries = g_array_new(FALSE, TRUE, sizeof(struct profile_entry));

	g_array_set_clear_func(entries, entry_clear);
	return entries;
}

GArray *profile_modules_new(void)
{
	GArray *modules = g_array_new(FALSE, TRUE, sizeof(struct profile_module));

	g_array_set_clear_func(modules, module_clear);
	return modules;
}

GArray *profile_virtual_new(void)
{
	GArray *virtual = g_array_new(FALSE, TRUE, sizeof(struct profile_virtual));

	g_array_set_clear_func(virtual, virtual_clear);
	return virtual;
}

struct profile *profile_new(void)
{
	struct profile *p = g_new0(struct profile, 1);

	p->frames = profile_frames_new();
	p->nodes = g_array_new(FALSE, TRUE, sizeof(struct stack_node));
	p->entries = profile_entries_new();
	p->modules = profile_modules_new();
	p->causes = g_ptr_array_new_with_free_func(g_free);
	p->virtual = profile_virtual_new();
	p->ticks = g_array_new(FALSE, TRUE, sizeof(struct profile_tick));
	p->slot_ns = 1;
	return p;
}

void profile_free(struct profile *p)
{
	if (!p)
		return;
	g_array_unref(p->frames);
	g_array_unref(p->nodes);
	g_array_unref(p->modules);
	g_ptr_array_unref(p->causes);
	g_array_unref(p->entries);
	g_array_unref(p->virtual);
	g_array_unref(p->ticks);
	g_free(p->virtual_why);
	g_free(p->untouched_why);
	g_free(p);
}

/* A linear search: there are few modules. */
uint32_t profile_module(struct profile *p, const char *path, const char *build_id)
{
	struct profile_module new = { g_strdup(path), g_strdup(build_id) };

	for (unsigned i = 0; i < p->modules->len; i++) {
		const struct profile_module *m =
			&g_array_index(p->modules, struct profile_module, i);

		if (!strcmp(m->path, path) && !g_strcmp0(m->build_id, build_id)) {
			module_clear(&new);
			return i;
		}
	}
	g_array_append_val(p->modules, new);
	return p->modules->len - 1;
}

const char *profile_module_path(const struct profile *p, uint32_t module)
{
	return module < p->modules->len ?
		       g_array_index(p->modules, struct profile_module, module).path :
		       NULL;
}

uint32_t profile_cause(struct profile *p, const char *name)
{
	for (unsigned i = 0; i < p->causes->len; i++)
		if (!strcmp(p->causes->pdata[i], name))
			return i;
	g_ptr_array_add(p->causes, g_strdup(name));
	return p->causes->len - 1;
}

const char *profile_cause_name(const struct profile *p, uint32_t cause)
{
	return cause < p->causes->len ? p->causes->pdata[cause] : NULL;
}

void profile_stack(const struct profile *p, uint32_t node, GArray *frames)
{
	g_array_set_size(frames, 0);
	/* A stack with more frames than there are nodes is in a loop. */
	while (node < p->nodes->len && frames->len < p->nodes->len) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, node);

		g_array_append_val(frames, n->frame);
		node = n->parent;
	}
}

#define WRITTEN_EACH 8            /* bytes of a frame, and of an entry, without its names */
#define WRITTEN_MOST (1ULL << 62) /* the sum stops here, far above every limit */

static uint64_t digits_length(const char *text)
{
	return text ? strlen(text) : 0;
}

/* The bytes of each frame. Free with g_free(). */
static uint64_t *frame_lengths(const struct profile *p)
{
	g_autofree uint64_t *modules = g_new0(uint64_t, p->modules->len + 1);
	uint64_t *frames = g_new0(uint64_t, p->frames->len + 1);

	for (unsigned i = 0; i < p->modules->len; i++)
		modules[i] =
			digits_length(g_array_index(p->modules, struct profile_module, i).path);
	for (unsigned i = 0; i < p->frames->len; i++) {
		const struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		frames[i] = WRITTEN_EACH + digits_length(f->function) + digits_length(f->file) +
			    (f->module < p->modules->len ? modules[f->module] : 0);
	}
	return frames;
}

/* The bytes of each stack, by its innermost node. Free with g_free(). */
static uint64_t *stack_lengths(const struct profile *p)
{
	g_autofree uint64_t *frames = frame_lengths(p);
	g_autoptr(GArray) way = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	uint64_t *stacks = g_new0(uint64_t, p->nodes->len + 1);

	for (uint32_t i = 0; i < p->nodes->len; i++) {
		uint32_t at = i;

		for (; at != NO_NODE && !stacks[at];
		     at = g_array_index(p->nodes, struct stack_node, at).parent)
			g_array_append_val(way, at);
		for (uint64_t sum = at == NO_NODE ? 0 : stacks[at]; way->len;) {
			at = g_array_index(way, uint32_t, way->len - 1);
			sum += frames[g_array_index(p->nodes, struct stack_node, at).frame];
			stacks[at] = sum;
			g_array_set_size(way, way->len - 1);
		}
	}
	return stacks;
}

struct lengths {
	const uint64_t *stacks;
	uint64_t *causes, *processes; /* of names */
	uint64_t sum;
};

static void add_written(struct lengths *l, const struct report *r, const struct profile_entry *e)
{
	const struct report_process *p = r->processes->pdata[e->process];
	const struct report_task *t = e->task < p->tasks->len ? p->tasks->pdata[e->task] : NULL;

	if (l->sum > WRITTEN_MOST)
		return;
	l->sum += WRITTEN_EACH + l->processes[e->process] + digits_length(e->mapping_label);
	l->sum += t ? digits_length(t->comm) : 0;
	l->sum += e->cause == NO_CAUSE ? 0 : l->causes[e->cause];
	l->sum += e->node == NO_NODE ? 0 : l->stacks[e->node];
}

uint64_t profile_written(const struct report *r)
{
	const struct profile *p = r->profile;
	g_autofree uint64_t *stacks = stack_lengths(p);
	g_autofree uint64_t *causes = g_new0(uint64_t, p->causes->len + 1);
	g_autofree uint64_t *processes = g_new0(uint64_t, r->processes->len + 1);
	struct lengths l = { stacks, causes, processes, 0 };

	for (unsigned i = 0; i < p->causes->len; i++)
		causes[i] = digits_length(p->causes->pdata[i]);
	for (unsigned i = 0; i < r->processes->len; i++)
		processes[i] = digits_length(
			((const struct report_process *)r->processes->pdata[i])->comm);
	for (unsigned i = 0; i < p->entries->len; i++)
		add_written(&l, r, &g_array_index(p->entries, struct profile_entry, i));
	for (unsigned i = 0; i < p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(p->virtual, struct profile_virtual, i);
		struct profile_entry e = { .process = a->process,
					   .task = a->task,
					   .cause = a->cause,
					   .node = a->node,
					   .mapping_label = a->mapping_label };

		add_written(&l, r, &e);
	}
	return l.sum;
}

unsigned profile_sample_types(const struct profile *p)
{
	return p->virtual_why   ? SAMPLE_TYPES :
	       p->untouched_why ? SAMPLE_TYPES_ALL - 1 :
				  SAMPLE_TYPES_ALL;
}

double profile_error(const struct profile *p, int64_t bytes)
{
	uint64_t period = p->mean_period ? p->mean_period : p->period;

	return bytes > 0 ? sqrt((double)bytes * (double)period) : 0;
}

bool profile_thinning(const struct profile *p, struct profile_thinned *sum)
{
	*sum = (struct profile_thinned){ .from_ns = UINT64_MAX };
	for (unsigned i = 0; i < TARE_THIN_LEVELS; i++) {
		const struct profile_thinned *t = &p->thinned[i];

		if (!t->samples && !t->left)
			continue;
		sum->samples += t->samples;
		sum->bytes += t->bytes;
		sum->left += t->left;
		sum->from_ns = MIN(sum->from_ns, t->from_ns);
		sum->to_ns = MAX(sum->to_ns, t->to_ns);
	}
	return sum->samples || sum->left;
}
