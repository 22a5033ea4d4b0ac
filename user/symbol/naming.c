/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/naming.h"

#include <string.h>

#include "symbol/kernel.h"
#include "symbol/naming_frames.h"

#define INLINED_MOST (64 << 20) /* bytes of the names of inlined functions */

static const char *const synthetic_name[SYNTHETIC_FRAMES] = {
	[SYNTHETIC_TRUNCATED] = "[truncated]", [SYNTHETIC_NO_STACK] = "[no stack]",
	[SYNTHETIC_EXECVE] = "[execve]",       [SYNTHETIC_NO_SAMPLE] = "[no sample]",
	[SYNTHETIC_BEFORE] = "[before]",       [SYNTHETIC_LEFT] = "[left behind]",
	[SYNTHETIC_THINNED] = "[thinned]",     [SYNTHETIC_SMALLER] = "[smaller stacks]",
	[SYNTHETIC_OTHERS] = "[by others]",
};

static const char *base_of(const char *path)
{
	const char *slash = strrchr(path, '/');

	return slash && slash[1] ? slash + 1 : path;
}

/* The file of a function, or a name like [kernel] in place of its path. */
struct where {
	char *path, *build_id;
};

/* The name of a frame, and what else was found. */
struct named {
	char *function; /* NULL: not known yet */
	uint32_t where; /* number of a struct where */
	bool looked;    /* the next three were looked up */
	char *file;
	int line;
	GArray *inlined; /* struct profile_frame, innermost first; NULL: none */
};

struct naming {
	GArray *names;        /* struct named, by number of the frame */
	GArray *places;       /* struct where */
	GHashTable *by_place; /* "path build_id" -> number in places */
	struct kernel *kernel;
	uint64_t inlined; /* bytes of the names of inlined functions */
	/* Arguments of the current naming_fill(). */
	struct profile *p;
	const struct samples *s;
	struct modules *modules;
	struct jits *jits;
	enum naming_detail detail;
	GArray *module; /* uint32_t: number in `places` -> number of the module in the profile */
};

static void named_clear(gpointer p)
{
	struct named *n = p;

	g_free(n->function);
	g_free(n->file);
	if (n->inlined)
		g_array_unref(n->inlined);
}

static void where_clear(gpointer p)
{
	g_free(((struct where *)p)->path);
	g_free(((struct where *)p)->build_id);
}

struct naming *naming_new(void)
{
	struct naming *n = g_new0(struct naming, 1);

	n->names = g_array_new(FALSE, TRUE, sizeof(struct named));
	g_array_set_clear_func(n->names, named_clear);
	n->places = g_array_new(FALSE, FALSE, sizeof(struct where));
	g_array_set_clear_func(n->places, where_clear);
	n->by_place = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	n->module = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	n->kernel = kernel_new();
	return n;
}

void naming_free(struct naming *n)
{
	if (!n)
		return;
	g_array_unref(n->names);
	g_array_unref(n->places);
	g_hash_table_unref(n->by_place);
	g_array_unref(n->module);
	kernel_free(n->kernel);
	g_free(n);
}

unsigned naming_places(const struct naming *n)
{
	return n->places->len;
}

static struct named *named_at(const struct naming *n, uint32_t frame)
{
	return &g_array_index(n->names, struct named, frame);
}

static uint64_t bytes_of(const GArray *frames)
{
	uint64_t sum = 0;

	for (unsigned i = 0; i < frames->len; i++) {
		const struct profile_frame *f = &g_array_index(frames, struct profile_frame, i);

		sum += sizeof(*f) + strlen(f->function) + (f->file ? strlen(f->file) : 0);
	}
	return sum;
}

static char *place_key(const char *path, const char *build_id)
{
	return g_strdup_printf("%s %s", path, build_id ?: "");
}

/* Forget the places that no name has: a program that is built again and again has many. */
static void forget_places(struct naming *n)
{
	g_autofree uint32_t *now = g_new(uint32_t, n->places->len + 1);
	GArray *places = g_array_new(FALSE, FALSE, sizeof(struct where));

	memset(now, 0xff, n->places->len * sizeof(*now));
	g_array_set_clear_func(places, where_clear);
	g_hash_table_remove_all(n->by_place);
	for (unsigned i = 0; i < n->names->len; i++) {
		struct named *to = named_at(n, i);
		struct where *w = &g_array_index(n->places, struct where, to->where);

		if (!to->function)
			continue;
		if (now[to->where] == UINT32_MAX) {
			now[to->where] = places->len;
			g_hash_table_insert(n->by_place, place_key(w->path, w->build_id),
					    GUINT_TO_POINTER(places->len));
			g_array_append_vals(places, w, 1);
			*w = (struct where){ NULL };
		}
		to->where = now[to->where];
	}
	g_array_unref(n->places);
	n->places = places;
}

/* Several frames may get one new number: then the names of the first one are kept. */
void naming_renumber(struct naming *n, const uint32_t *now, uint32_t count)
{
	GArray *names = g_array_new(FALSE, TRUE, sizeof(struct named));

	g_array_set_clear_func(names, named_clear);
	for (uint32_t i = 0; i < MIN(count, n->names->len); i++) {
		struct named *to;

		if (now[i] == NO_NODE)
			continue;
		if (now[i] >= names->len)
			g_array_set_size(names, now[i] + 1);
		to = &g_array_index(names, struct named, now[i]);
		if (to->function)
			continue;
		named_clear(to);
		*to = *named_at(n, i);
		*named_at(n, i) = (struct named){ 0 };
	}
	g_array_unref(n->names);
	n->names = names;
	forget_places(n);
	n->inlined = 0;
	for (uint32_t i = 0; i < names->len; i++)
		if (named_at(n, i)->inlined)
			n->inlined += bytes_of(named_at(n, i)->inlined);
}

static uint32_t where_number(struct naming *n, const char *path, const char *build_id)
{
	g_autofree char *key = place_key(path, build_id);
	struct where new = { NULL, NULL };
	gpointer known;

	if (g_hash_table_lookup_extended(n->by_place, key, NULL, &known))
		return GPOINTER_TO_UINT(known);
	new = (struct where){ g_strdup(path), g_strdup(build_id) };
	g_hash_table_insert(n->by_place, g_steal_pointer(&key), GUINT_TO_POINTER(n->places->len));
	g_array_append_val(n->places, new);
	return n->places->len - 1;
}

static uint32_t module_of(struct naming *n, uint32_t place)
{
	const struct where *w = &g_array_index(n->places, struct where, place);
	const uint32_t none = NO_MODULE;
	uint32_t *module;

	while (n->module->len <= place)
		g_array_append_val(n->module, none);
	module = &g_array_index(n->module, uint32_t, place);
	if (*module == NO_MODULE)
		*module = profile_module(n->p, w->path, w->build_id);
	return *module;
}

/* The name of code that is in no file. It may have no name at the time of the sample and get one
 * later, when the JIT has written it to the perf map. */
static const char *code_name(const struct naming *n, const struct frame *f)
{
	uint64_t start;

	if (f->flags & FRAME_NAMED)
		return n->s->names->pdata[f->file];
	return f->space ? jits_name(n->jits, f->space, f->address, &start) : NULL;
}

static uint32_t file_of(const struct frame *f)
{
	return f->flags & FRAME_NAMED ? NO_FILE : f->file;
}

/* A function without a name is named by its start address, so that all its addresses have one
 * name. */
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

static void name_in_file(struct naming *n, const struct frame *f, struct named *to)
{
	const struct sample_file *file = n->s->files->pdata[f->file];
	struct module *m = modules_get(n->modules, f->file);
	uint64_t offset;
	const char *name = m ? module_symbol(m, f->address, &offset) : NULL;

	to->where = where_number(n, file->path, m ? build_id(m) : NULL);
	to->function = name ? naming_demangle(name) :
			      g_strdup_printf("[%s+0x%" G_GINT64_MODIFIER "x]", base_of(file->path),
					      f->flags & FRAME_FALLBACK ?
						      f->address :
						      module_start(m, f->address));
}

/* Frames that another process or the kernel may name later are left to naming_fill(). */
static bool is_in_file(const struct frame *f)
{
	return !(f->flags & (FRAME_KERNEL | FRAME_SYNTHETIC)) && file_of(f) != NO_FILE;
}

/* The first frame of a stack, from its innermost one on, that a file may name; NO_NODE: none. */
static uint32_t next_unnamed(const struct naming *n, uint32_t node)
{
	while (node != NO_NODE) {
		const struct stack_node *at = intern_key(n->s->nodes, node);

		if (!named_at(n, at->frame)->function &&
		    is_in_file(intern_key(n->s->frames, at->frame)))
			return node;
		node = at->parent;
	}
	return NO_NODE;
}

static void name_stack(struct naming *n, uint32_t node)
{
	while ((node = next_unnamed(n, node)) != NO_NODE) {
		const struct stack_node *at = intern_key(n->s->nodes, node);

		name_in_file(n, intern_key(n->s->frames, at->frame), named_at(n, at->frame));
		node = at->parent;
	}
}

static void name_code(struct naming *n, const struct frame *f, struct named *to)
{
	const char *name = code_name(n, f), *where = "[jit]";

	if (name && g_str_has_prefix(name, PYTHON_NAME))
		where = "[python]";
	to->where = where_number(n, where, NULL);
	if (name)
		to->function = naming_demangle(name);
}

static void name_synthetic(struct profile_frame *f)
{
	f->function = g_strdup(f->address < SYNTHETIC_FRAMES ? synthetic_name[f->address] : "[?]");
}

/* The source path in a name "py::name:/path"; NULL: the name has none. */
static const char *python_source(const char *name)
{
	const char *colon = strchr(name + strlen(PYTHON_NAME), ':');

	return colon && colon[1] ? colon + 1 : NULL;
}

/* The address of a Python frame is its line number. */
static void give_line(const struct naming *n, const struct frame *f, struct profile_frame *to)
{
	to->address = 0;
	to->line = (int)MIN(f->address, (uint64_t)G_MAXINT);
	if (n->detail == NAMING_LINES && g_str_has_prefix(to->function, PYTHON_NAME))
		to->file = g_strdup(python_source(to->function));
}

static void name_user(struct naming *n, uint32_t number, struct profile_frame *to)
{
	const struct frame *f = intern_key(n->s->frames, number);
	struct named *found = named_at(n, number);

	if (!found->function && file_of(f) != NO_FILE)
		name_in_file(n, f, found);
	else if (!found->function)
		name_code(n, f, found);
	to->module = module_of(n, found->where);
	to->function = g_strdup(found->function ?: "[code without a file]");
	if (f->flags & FRAME_LINE)
		give_line(n, f, to);
}

/* Name the kernel frames that have no name yet. */
static void find_kernel(struct naming *n)
{
	g_autoptr(GArray) addresses = g_array_new(FALSE, FALSE, sizeof(uint64_t));

	for (unsigned i = 0; i < n->names->len; i++) {
		const struct frame *f = intern_key(n->s->frames, i);

		if (f->flags & FRAME_KERNEL && !named_at(n, i)->function)
			g_array_append_val(addresses, f->address);
	}
	kernel_learn(n->kernel, "/proc/kallsyms", addresses);
	for (unsigned i = 0; addresses->len && i < n->names->len; i++) {
		const struct frame *f = intern_key(n->s->frames, i);
		struct named *to = named_at(n, i);
		const char *name;

		if (!(f->flags & FRAME_KERNEL) || to->function)
			continue;
		name = kernel_name(n->kernel, f->address);
		to->where = where_number(n, "[kernel]", NULL);
		to->function =
			name ? g_strdup(name) :
			       g_strdup_printf("[kernel+0x%" G_GINT64_MODIFIER "x]", f->address);
	}
}

static void name_kernel(struct naming *n)
{
	find_kernel(n);
	for (unsigned i = 0; i < n->names->len; i++) {
		struct profile_frame *f = &g_array_index(n->p->frames, struct profile_frame, i);

		if (!f->kernel)
			continue;
		f->module = module_of(n, named_at(n, i)->where);
		f->function = g_strdup(named_at(n, i)->function);
	}
}

struct inlined {
	GArray *frames; /* struct profile_frame, innermost first */
	const char *outer;
	uint64_t address;
};

static void add_inlined(void *ctx, const char *function, const char *file, int line)
{
	struct inlined *in = ctx;
	struct profile_frame f = {
		.function = function ? naming_demangle(function) : g_strdup(in->outer),
		.file = g_strdup(file),
		.line = line,
		.address = in->address,
		.inlined = true,
	};

	g_array_append_val(in->frames, f);
}

/* Look up the line of a frame and the functions that are inlined in it. The outermost function is
 * the frame itself, which is named by the symbol table. */
static void find_inlined(struct naming *n, uint32_t number)
{
	const struct frame *f = intern_key(n->s->frames, number);
	struct named *to = named_at(n, number);
	struct module *m = file_of(f) != NO_FILE ? modules_get(n->modules, f->file) : NULL;
	struct inlined in = { .outer = to->function, .address = f->address };
	struct profile_frame *outer;

	to->looked = true;
	if (!m || n->inlined > INLINED_MOST)
		return;
	in.frames = profile_frames_new();
	module_lines(m, f->address, n->detail == NAMING_LINES, add_inlined, &in);
	if (in.frames->len) {
		outer = &g_array_index(in.frames, struct profile_frame, in.frames->len - 1);
		to->file = g_steal_pointer(&outer->file);
		to->line = outer->line;
		g_array_set_size(in.frames, in.frames->len - 1);
	}
	n->inlined += bytes_of(in.frames);
	if (in.frames->len)
		to->inlined = in.frames;
	else
		g_array_unref(in.frames);
}

/* Set the line of a frame, and append a frame for each function that is inlined in it. Returns
 * the number of appended frames. */
static uint32_t inline_frame(struct naming *n, uint32_t number)
{
	struct profile *p = n->p;
	struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, number);
	struct named *found = named_at(n, number);
	uint32_t module = f->module;

	if (f->kernel || f->synthetic)
		return 0;
	if (!found->looked)
		find_inlined(n, number);
	if (found->file || found->line) {
		f->file = g_strdup(found->file);
		f->line = found->line;
	}
	for (unsigned i = 0; found->inlined && i < found->inlined->len; i++) {
		struct profile_frame in = g_array_index(found->inlined, struct profile_frame, i);

		in.function = g_strdup(in.function);
		in.file = g_strdup(in.file);
		in.module = module;
		g_array_append_val(p->frames, in);
	}
	return found->inlined ? found->inlined->len : 0;
}

/* Insert nodes for inlined functions between a node and its children. The functions inlined in
 * frame i are the frames from first[i] on, count[i] of them. last[i]: the node that replaces node
 * i as parent of its children. All nodes get new numbers, because a parent must have a smaller
 * number than its children. */
static void add_nodes(struct profile *p, const uint32_t *first, const uint32_t *count,
		      unsigned frames)
{
	unsigned nodes = p->nodes->len;
	g_autofree uint32_t *last = g_new(uint32_t, nodes + 1);
	g_autoptr(GArray) old = p->nodes;

	p->nodes = g_array_sized_new(FALSE, TRUE, sizeof(struct stack_node), nodes);
	for (unsigned i = 0; i < nodes; i++) {
		struct stack_node node = g_array_index(old, struct stack_node, i);
		uint32_t frame = node.frame;

		if (node.parent != NO_NODE)
			node.parent = last[node.parent];
		g_array_append_val(p->nodes, node);
		for (unsigned k = frame < frames ? count[frame] : 0; k-- > 0;) {
			struct stack_node in = { p->nodes->len - 1, first[frame] + k };

			g_array_append_val(p->nodes, in);
		}
		last[i] = p->nodes->len - 1;
	}
	for (unsigned i = 0; i < p->entries->len; i++) {
		struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);

		if (e->node < nodes)
			e->node = last[e->node];
	}
	for (unsigned i = 0; i < p->virtual->len; i++) {
		struct profile_virtual *a = &g_array_index(p->virtual, struct profile_virtual, i);

		if (a->node < nodes)
			a->node = last[a->node];
	}
}

static void add_all_inlined(struct naming *n)
{
	unsigned frames = n->names->len;
	g_autofree uint32_t *first = g_new(uint32_t, frames + 1);
	g_autofree uint32_t *count = g_new(uint32_t, frames + 1);

	for (unsigned i = 0; i < frames; i++) {
		first[i] = n->p->frames->len;
		count[i] = inline_frame(n, i);
	}
	add_nodes(n->p, first, count, frames);
}

static int by_live(gconstpointer a, gconstpointer b)
{
	const struct aggregate *x = *(const struct aggregate *const *)a;
	const struct aggregate *y = *(const struct aggregate *const *)b;

	return (x->live < y->live) - (x->live > y->live);
}

void naming_ahead(struct naming *n, const struct samples *s, struct modules *modules, int64_t least,
		  int64_t most_us)
{
	g_autoptr(GPtrArray) unnamed = g_ptr_array_new();
	int64_t until = g_get_monotonic_time() + most_us;

	n->s = s;
	n->modules = modules;
	g_array_set_size(n->names, intern_count(s->frames));
	for (uint32_t i = 0; i < aggregates_count(s->aggregates); i++) {
		struct aggregate *a = aggregates_at(s->aggregates, i);

		if (a->into == AGGREGATE_USED && a->live >= least &&
		    next_unnamed(n, a->key.node) != NO_NODE)
			g_ptr_array_add(unnamed, a);
	}
	if (!unnamed->len)
		return;
	g_ptr_array_sort(unnamed, by_live);
	for (unsigned i = 0; i < unnamed->len && g_get_monotonic_time() < until; i++)
		name_stack(n, ((const struct aggregate *)unnamed->pdata[i])->key.node);
	modules_trim(modules);
}

void naming_fill(struct naming *n, struct profile *p, const struct samples *s,
		 struct modules *modules, struct jits *jits, enum naming_detail detail)
{
	n->p = p;
	n->s = s;
	n->modules = modules;
	n->jits = jits;
	n->detail = detail;
	g_array_set_size(n->module, 0);
	g_array_set_size(n->names, intern_count(s->frames));
	jits_look_all(jits);
	for (unsigned i = 0; i < p->frames->len; i++) {
		struct profile_frame *f = &g_array_index(p->frames, struct profile_frame, i);

		if (f->synthetic)
			name_synthetic(f);
		else if (!f->kernel && i < n->names->len)
			name_user(n, i, f);
	}
	name_kernel(n);
	naming_hide_own(p);
	if (detail != NAMING_SYMBOLS)
		add_all_inlined(n);
	naming_mark_python(p);
	modules_trim(modules);
}
