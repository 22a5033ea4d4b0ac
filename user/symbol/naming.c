/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/naming.h"

#include <libiberty/demangle.h>
#include <stdlib.h>
#include <string.h>

#include "symbol/kernel.h"

#define MANGLED_MOST 4096
#define PYTHON_LOOP "_PyEval_EvalFrameDefault"

static const char *const mark_name[FRAME_MARKS] = {
	[MARK_TRUNCATED] = "[truncated]", [MARK_NO_STACK] = "[no stack]",
	[MARK_EXECVE] = "[execve]",       [MARK_NO_SAMPLE] = "[no sample]",
	[MARK_BEFORE] = "[before]",       [MARK_LEFT] = "[left behind]",
	[MARK_THINNED] = "[thinned]",
};

char *naming_demangle(const char *name)
{
	bool likely = g_str_has_prefix(name, "_Z") || g_str_has_prefix(name, "_R") ||
		      g_str_has_prefix(name, "_D");
	char *plain = likely && strlen(name) < MANGLED_MOST ?
			      cplus_demangle(name, DMGL_AUTO | DMGL_ANSI) :
			      NULL;
	char *copy = g_strdup(plain ?: name);

	free(plain);
	return copy;
}

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

struct naming {
	struct profile *p;
	const struct samples *s;
	struct modules *modules;
	struct jits *jits;
};

/* What had no name when it was sampled may have one now. */
static const char *code_name(const struct naming *n, const struct frame *f)
{
	uint64_t start;

	if (f->flags & FRAME_NAMED)
		return n->s->names->pdata[f->file];
	return jits_name(n->jits, f->space, f->address, &start);
}

static uint32_t file_of(const struct frame *f)
{
	return f->flags & FRAME_NAMED ? NO_FILE : f->file;
}

/* A function without a name goes by its start, so that its lines are one. */
static uint64_t module_start(const struct module *m, uint64_t address)
{
	uint64_t start = m ? module_function(m, address) : 0;

	return start ? start : address;
}

static const char *build_id(const struct module *m)
{
	const char *id = module_build_id(m);

	return *id ? id : NULL;
}

static void name_user(struct naming *n, const struct frame *f, struct profile_frame *to)
{
	uint32_t number = file_of(f);
	const struct sample_file *file = number != NO_FILE ? n->s->files->pdata[number] : NULL;
	struct module *m = file ? modules_get(n->modules, number) : NULL;
	uint64_t offset;
	const char *name = file ? NULL : code_name(n, f), *where = "[jit]";

	if (m)
		name = module_symbol(m, f->address, &offset);
	if (file)
		where = file->path;
	else if (name && g_str_has_prefix(name, PYTHON_NAME))
		where = "[python]";
	to->module = profile_module(n->p, where, m ? build_id(m) : NULL);
	if (name) {
		to->function = naming_demangle(name);
	} else if (file) {
		to->function = g_strdup_printf(
			"[%s+0x%" G_GINT64_MODIFIER "x]", base_of(file->path),
			f->flags & FRAME_GUESS ? f->address : module_start(m, f->address));
	} else {
		to->function = g_strdup("[code without a file]");
	}
}

static int by_value(gconstpointer a, gconstpointer b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static void name_kernel(struct naming *n)
{
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	g_autoptr(GPtrArray) names = NULL;
	uint64_t *at;

	for (unsigned i = 0; i < n->p->frames->len; i++) {
		const struct profile_frame *f =
			&g_array_index(n->p->frames, struct profile_frame, i);

		if (f->kernel)
			g_array_append_val(addresses, f->address);
	}
	g_array_sort(addresses, by_value);
	at = (uint64_t *)addresses->data;
	names = kernel_names("/proc/kallsyms", at, addresses->len);
	for (unsigned i = 0; i < n->p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(n->p->frames, struct profile_frame, i);
		uint64_t *found;

		if (!f->kernel)
			continue;
		found = bsearch(&f->address, at, addresses->len, sizeof(uint64_t), by_value);
		f->module = profile_module(n->p, "[kernel]", NULL);
		if (found && names->pdata[found - at])
			f->function = g_strdup(names->pdata[found - at]);
		else
			f->function =
				g_strdup_printf("[kernel+0x%" G_GINT64_MODIFIER "x]", f->address);
	}
}

/* Of a kernel's stack the innermost frames are tare's own tracepoint. */
static bool own_frame(const struct profile_frame *f)
{
	return f->kernel && (g_str_has_prefix(f->function, "bpf_trace_run") ||
			     g_str_has_prefix(f->function, "__traceiter_") ||
			     g_str_has_prefix(f->function, "bpf_prog_"));
}

static void hide_own(struct profile *p)
{
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		uint32_t at = e->node;

		while (at != NO_NODE) {
			const struct stack_node *n =
				&g_array_index(p->nodes, struct stack_node, at);

			if (own_frame(&g_array_index(p->frames, struct profile_frame, n->frame)))
				e->node = n->parent;
			at = n->parent;
		}
	}
}

struct inlined {
	GArray *frames; /* struct profile_frame, innermost first */
	uint32_t module;
	const char *outer;
	uint64_t address;
};

static void add_line(void *ctx, const char *function, const char *file, int line)
{
	struct inlined *in = ctx;
	struct profile_frame f = {
		.function = function ? naming_demangle(function) : g_strdup(in->outer),
		.file = g_strdup(file),
		.line = line,
		.module = in->module,
		.address = in->address,
	};

	g_array_append_val(in->frames, f);
}

/* Lines, and a frame of its own for each inlined function. What is inlined comes
 * between a node and its children: `last` is the node that they hang on. */
static void add_lines(struct naming *n)
{
	struct profile *p = n->p;
	unsigned frames = p->frames->len, nodes = p->nodes->len;
	g_autofree uint32_t *inner =
		g_new(uint32_t, frames + 1); /* first of the inlined, or UINT32_MAX */
	g_autofree uint32_t *count = g_new0(uint32_t, frames + 1);
	g_autofree uint32_t *last = g_new(uint32_t, nodes + 1);

	for (unsigned i = 0; i < frames; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i),
				     *outer;
		const struct frame *raw =
			i < intern_count(n->s->frames) ? intern_key(n->s->frames, i) : NULL;
		struct module *m =
			raw && file_of(raw) != NO_FILE ? modules_get(n->modules, raw->file) : NULL;
		struct inlined in = { .module = f->module,
				      .outer = f->function,
				      .address = f->address };

		if (!m || f->kernel || f->mark)
			continue;
		in.frames = g_array_new(FALSE, FALSE, sizeof(struct profile_frame));
		module_lines(m, raw->address, add_line, &in);
		if (in.frames->len) {
			outer = &g_array_index(in.frames, struct profile_frame, in.frames->len - 1);
			f->file = outer->file;
			f->line = outer->line;
			g_free(outer->function);
			inner[i] = p->frames->len;
			count[i] = in.frames->len - 1;
			for (unsigned k = 0; k < count[i]; k++)
				g_array_index(in.frames, struct profile_frame, k).inlined = true;
			g_array_append_vals(p->frames, in.frames->data, count[i]);
		}
		g_array_unref(in.frames);
	}
	/* A parent has the smaller number: it was there first. */
	for (unsigned i = 0; i < nodes; i++) {
		struct stack_node *node = &g_array_index(p->nodes, struct stack_node, i);
		uint32_t frame = node->frame, at = i;

		if (node->parent != NO_NODE)
			node->parent = last[node->parent];
		for (unsigned k = frame < frames ? count[frame] : 0; k-- > 0;) {
			struct stack_node in = { at, inner[frame] + k };

			at = p->nodes->len;
			g_array_append_val(p->nodes, in);
		}
		last[i] = at;
	}
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->node < nodes)
			e->node = last[e->node];
	}
	for (unsigned i = 0; i < p->asked->len; i++) {
		struct profile_asked *a = &g_array_index(p->asked, struct profile_asked, i);

		if (a->node < nodes)
			a->node = last[a->node];
	}
}

/* CPython's interpreter loop runs all Python functions alike: what could not be read of
 * it (symbol/python.h) and was not told (`-X perf`) is this. */
static void mark_python(struct profile *p)
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

void naming_fill(struct profile *p, const struct samples *s, struct modules *modules,
		 struct jits *jits, bool lines)
{
	struct naming n = {
		.p = p,
		.s = s,
		.modules = modules,
		.jits = jits,
	};

	jits_look_all(jits);
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (f->mark)
			f->function =
				g_strdup(f->address < FRAME_MARKS ? mark_name[f->address] : "[?]");
		else if (!f->kernel && i < intern_count(s->frames))
			name_user(&n, intern_key(s->frames, i), f);
	}
	name_kernel(&n);
	hide_own(p);
	if (lines)
		add_lines(&n);
	mark_python(p);
}
