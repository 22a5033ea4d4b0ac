/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/profile.h"

#include <math.h>
#include <string.h>

const char *const picture_name[PICTURES_ALL] = { "grown", "live-peak", "live-end", "asked",
						 "untouched" };

const char *const place_name[PLACES] = {
	[PLACE_UNKNOWN] = "unknown", [PLACE_ANON] = "anonymous", [PLACE_HEAP] = "heap",
	[PLACE_STACK] = "stack",     [PLACE_FILE] = "file",      [PLACE_SHM] = "shared memory",
	[PLACE_JIT] = "jit code",    [PLACE_URING] = "io_uring", [PLACE_VDSO] = "vdso",
};

static void frame_clear(gpointer p)
{
	struct profile_frame *f = p;

	g_free(f->function);
	g_free(f->file);
}

static void module_clear(gpointer p)
{
	g_free(((struct profile_module *)p)->path);
	g_free(((struct profile_module *)p)->build_id);
}

static void asked_clear(gpointer p)
{
	g_free(((struct profile_asked *)p)->place_label);
}

static void entry_clear(gpointer p)
{
	g_free(((struct profile_entry *)p)->place_label);
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

GArray *profile_asked_new(void)
{
	GArray *asked = g_array_new(FALSE, TRUE, sizeof(struct profile_asked));

	g_array_set_clear_func(asked, asked_clear);
	return asked;
}

struct profile *profile_new(void)
{
	struct profile *p = g_new0(struct profile, 1);

	p->frames = profile_frames_new();
	p->nodes = g_array_new(FALSE, TRUE, sizeof(struct stack_node));
	p->entries = profile_entries_new();
	p->modules = profile_modules_new();
	p->causes = g_ptr_array_new_with_free_func(g_free);
	p->asked = profile_asked_new();
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
	g_array_unref(p->asked);
	g_array_unref(p->ticks);
	g_free(p->asked_why);
	g_free(p->untouched_why);
	g_free(p);
}

/* There are few: files that code lies in. */
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
	/* A stack that is longer than the tree goes round in it. */
	while (node < p->nodes->len && frames->len < p->nodes->len) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, node);

		g_array_append_val(frames, n->frame);
		node = n->parent;
	}
}

unsigned profile_pictures(const struct profile *p)
{
	return p->asked_why ? PICTURES : p->untouched_why ? PICTURES_ALL - 1 : PICTURES_ALL;
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
