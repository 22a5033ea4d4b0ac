/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/naming_frames.h"

#include <string.h>

#include "model/samples.h"

#define PYTHON_LOOP "_PyEval_EvalFrameDefault"

/* The innermost frames of a kernel stack belong to tare's own BPF program. */
static bool own_frame(const struct profile_frame *f)
{
	return f->kernel && (g_str_has_prefix(f->function, "bpf_trace_run") ||
			     g_str_has_prefix(f->function, "__traceiter_") ||
			     g_str_has_prefix(f->function, "bpf_prog_"));
}

/* outer[i]: the node that a stack at node i ends in
 * without them. A parent has a smaller number than its children. */
void naming_hide_own(struct profile *p)
{
	g_autofree char *own = g_new(char, p->frames->len + 1);
	g_autofree uint32_t *outer = g_new(uint32_t, p->nodes->len + 1);

	for (unsigned i = 0; i < p->frames->len; i++)
		own[i] = own_frame(&g_array_index(p->frames, struct profile_frame, i));
	for (unsigned i = 0; i < p->nodes->len; i++) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);
		bool hidden = n->parent != NO_NODE && outer[n->parent] != n->parent;

		outer[i] = hidden ? outer[n->parent] : own[n->frame] ? n->parent : i;
	}
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->node != NO_NODE)
			e->node = outer[e->node];
	}
}

/* If no Python frame was read (python.h) and the program wrote no map (-X perf), stacks have only
 * CPython's interpreter function. Explain this in its name. */
void naming_mark_python(struct profile *p)
{
	for (unsigned i = 0; i < p->frames->len; i++)
		if (g_str_has_prefix(g_array_index(p->frames, struct profile_frame, i).function,
				     PYTHON_NAME))
			return;
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (strcmp(f->function, PYTHON_LOOP))
			continue;
		g_free(f->function);
		f->function = g_strdup(PYTHON_LOOP " [names: python 3.8 to 3.13, or -X perf]");
	}
}
