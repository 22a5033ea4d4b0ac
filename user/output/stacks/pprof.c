/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The profile for pprof: profile.proto, gzip'd. The same report gives the same bytes.
 *
 * Written in pieces: concatenated protobuf messages merge into one, so each sample, location
 * and string is packed at once and not kept.
 */
#include <string.h>
#include <zlib.h>

#include "base/intern.h"
#include "base/text.h"
#include "model/view.h"
#include "output/output.h"
#include "output/table/parts.h"
#include "output/stacks/pprof_pack.h"

#define VALUES SAMPLE_TYPES_ALL
#define LABELS 7
#define COMMAND_MOST 400 /* characters of the command in a comment */

static const char *const value_name[VALUES] = { "grown", "live_peak", "live_end", "virtual",
						"untouched" };

/* A location is a frame and the frames inlined in it, as a chain of links, innermost first.
 * The number of the last link is the location's number. */
struct link {
	uint32_t before, frame;
};
#define NO_LINK UINT32_MAX

struct function {
	uint32_t name, file; /* string numbers */
};

struct writer {
	const struct report *r;
	const struct profile *p;
	GString *out;
	GHashTable *texts; /* text -> string number */
	struct intern *links, *functions;
	GHashTable *locations; /* written locations: number of the last link + 1 */
	GArray *stack;         /* frames of the current sample */
	GArray *ids;           /* locations of the current sample, uint64_t */
	unsigned values;
};

static void emit_part(struct writer *w, const Pprof__Profile *part)
{
	pprof_pack(w->out, part);
}

/* The string number of a text. It is escaped, because pprof prints it on terminals. */
static uint32_t text_number(struct writer *w, const char *s)
{
	g_autofree char *safe = text_printable(s);
	Pprof__Profile part = PPROF__PROFILE__INIT;
	char *table[] = { safe };
	uint32_t number;
	gpointer known;

	if (g_hash_table_lookup_extended(w->texts, safe, NULL, &known))
		return GPOINTER_TO_UINT(known);
	part.n_string_table = 1;
	part.string_table = table;
	emit_part(w, &part);
	number = g_hash_table_size(w->texts);
	g_hash_table_insert(w->texts, g_steal_pointer(&safe), GUINT_TO_POINTER(number));
	return number;
}

static void value_type(struct writer *w, unsigned i)
{
	Pprof__ValueType type = PPROF__VALUE_TYPE__INIT, *types[] = { &type };
	Pprof__Profile part = PPROF__PROFILE__INIT;

	type.type = text_number(w, value_name[i]);
	type.unit = text_number(w, "bytes");
	part.n_sample_type = 1;
	part.sample_type = types;
	emit_part(w, &part);
}

/* Names in brackets are addresses and synthetic frames. */
static bool has_name(const struct profile_frame *f)
{
	return *f->function != '[';
}

static void emit_mapping(struct writer *w, uint32_t module)
{
	const struct profile_module *m =
		&g_array_index(w->p->modules, struct profile_module, module);
	Pprof__Mapping map = PPROF__MAPPING__INIT, *maps[] = { &map };
	Pprof__Profile part = PPROF__PROFILE__INIT;

	map.id = module + 1;
	map.filename = text_number(w, m->path);
	map.build_id = text_number(w, m->build_id);
	for (unsigned i = 0; i < w->p->frames->len; i++) {
		const struct profile_frame *f =
			&g_array_index(w->p->frames, struct profile_frame, i);

		if (f->module != module)
			continue;
		map.has_functions |= has_name(f);
		map.has_filenames |= f->file != NULL;
		map.has_line_numbers |= f->file && f->line > 0;
		map.has_inline_frames |= f->inlined;
	}
	part.n_mapping = 1;
	part.mapping = maps;
	emit_part(w, &part);
}

/* pprof takes the first mapping for the program. */
static void emit_mappings(struct writer *w)
{
	const struct report_process *first = NULL;
	uint32_t n = w->p->modules->len, main = 0;

	for (unsigned i = 0; i < w->r->processes->len && !(first && first->exe); i++)
		first = w->r->processes->pdata[i];
	while (main < n && (!first || g_strcmp0(profile_module_path(w->p, main), first->exe)))
		main++;
	if (main < n)
		emit_mapping(w, main);
	for (uint32_t i = 0; i < n; i++)
		if (i != main)
			emit_mapping(w, i);
}

static uint64_t function_number(struct writer *w, const struct profile_frame *f)
{
	Pprof__Function function = PPROF__FUNCTION__INIT, *functions[] = { &function };
	uint32_t before = intern_count(w->functions), number;
	Pprof__Profile part = PPROF__PROFILE__INIT;
	struct function key;

	key.name = text_number(w, f->function);
	key.file = text_number(w, f->file);
	number = intern_put(w->functions, &key);
	if (number < before)
		return number + 1;
	function.id = number + 1;
	function.name = function.system_name = key.name;
	function.filename = key.file;
	part.n_function = 1;
	part.function = functions;
	emit_part(w, &part);
	return function.id;
}

static const struct profile_frame *frame_at(const struct writer *w, unsigned i)
{
	static const struct profile_frame none = {
		.function = (char *)"[no stack]",
		.module = NO_MODULE,
		.synthetic = true,
	};
	uint32_t frame = g_array_index(w->stack, uint32_t, i);

	return frame < w->p->frames->len ?
		       &g_array_index(w->p->frames, struct profile_frame, frame) :
		       &none;
}

/* Write frames `first` to `last` as one location. All but the last are inlined. */
static void emit_location(struct writer *w, uint64_t id, unsigned first, unsigned last)
{
	const struct profile_frame *outer = frame_at(w, last);
	Pprof__Location location = PPROF__LOCATION__INIT, *locations[] = { &location };
	Pprof__Profile part = PPROF__PROFILE__INIT;
	unsigned n = last - first + 1;
	g_autofree Pprof__Line *line = g_new(Pprof__Line, n);
	g_autofree Pprof__Line **lines = g_new(Pprof__Line *, n);

	if (!g_hash_table_add(w->locations, GSIZE_TO_POINTER(id)))
		return;
	for (unsigned i = 0; i < n; i++) {
		const struct profile_frame *f = frame_at(w, first + i);

		pprof__line__init(&line[i]);
		line[i].function_id = function_number(w, f);
		line[i].line = f->file ? f->line : 0;
		lines[i] = &line[i];
	}
	location.id = id;
	location.mapping_id = outer->module < w->p->modules->len ? outer->module + 1 : 0;
	location.address = outer->synthetic ? 0 : outer->address;
	location.n_line = n;
	location.line = lines;
	part.n_location = 1;
	part.location = locations;
	emit_part(w, &part);
}

static void emit_stack(struct writer *w, uint32_t node)
{
	struct link link = { NO_LINK, 0 };
	const uint32_t none = UINT32_MAX;
	unsigned first = 0;

	profile_stack(w->p, node, w->stack);
	if (!w->stack->len) /* pprof drops samples without a stack */
		g_array_append_val(w->stack, none);
	g_array_set_size(w->ids, 0);
	for (unsigned i = 0; i < w->stack->len; i++) {
		uint64_t id;

		link.frame = g_array_index(w->stack, uint32_t, i);
		link.before = intern_put(w->links, &link);
		if (frame_at(w, i)->inlined && i + 1 < w->stack->len)
			continue;
		id = (uint64_t)link.before + 1;
		emit_location(w, id, first, i);
		g_array_append_val(w->ids, id);
		link.before = NO_LINK;
		first = i + 1;
	}
}

struct labels {
	Pprof__Label label[LABELS];
	Pprof__Label *list[LABELS];
	unsigned n;
};

static Pprof__Label *make_label(struct writer *w, struct labels *l, const char *key)
{
	Pprof__Label *new = &l->label[l->n];

	pprof__label__init(new);
	new->key = text_number(w, key);
	l->list[l->n++] = new;
	return new;
}

/* NULL: no label. */
static void label_text(struct writer *w, struct labels *l, const char *key, const char *value)
{
	if (value)
		make_label(w, l, key)->str = text_number(w, value);
}

static void label_who(struct writer *w, struct labels *l, uint32_t process, uint32_t task)
{
	const struct report_process *proc = w->r->processes->pdata[process];
	const struct report_task *thread;

	label_text(w, l, "process", proc->comm);
	if (proc->count == 1)
		make_label(w, l, "pid")->num = proc->pid;
	if (task >= proc->tasks->len)
		return;
	thread = proc->tasks->pdata[task];
	label_text(w, l, "thread", thread->comm);
	if (thread->count == 1)
		make_label(w, l, "tid")->num = thread->tid;
}

static void emit_sample(struct writer *w, uint32_t node, int64_t *values, struct labels *l)
{
	Pprof__Sample sample = PPROF__SAMPLE__INIT, *samples[] = { &sample };
	Pprof__Profile part = PPROF__PROFILE__INIT;

	emit_stack(w, node);
	sample.n_location_id = w->ids->len;
	sample.location_id = (uint64_t *)w->ids->data;
	sample.n_value = w->values;
	sample.value = values;
	sample.n_label = l->n;
	sample.label = l->list;
	part.n_sample = 1;
	part.sample = samples;
	emit_part(w, &part);
}

static void emit_entries(struct writer *w)
{
	for (unsigned i = 0; i < w->p->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(w->p->entries, struct profile_entry, i);
		int64_t values[VALUES] = { 0 };
		struct labels l = { .n = 0 };
		bool any = false;

		for (int k = 0; k < SAMPLE_TYPES; k++)
			any |= (values[k] = e->bytes[k]) != 0;
		if (!any)
			continue;
		label_who(w, &l, e->process, e->task);
		label_text(w, &l, "kind", kind_name[e->kind]);
		label_text(w, &l, "cause", profile_cause_name(w->p, e->cause));
		label_text(w, &l, "mapping", e->mapping_label);
		emit_sample(w, e->node, values, &l);
	}
}

static void virtual(struct writer *w)
{
	for (unsigned i = 0; w->values > SAMPLE_TYPES && i < w->p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(w->p->virtual, struct profile_virtual, i);
		int64_t values[VALUES] = { [SAMPLE_TYPES] = a->bytes, a->untouched };
		struct labels l = { .n = 0 };

		label_who(w, &l, a->process, a->task);
		label_text(w, &l, "cause", profile_cause_name(w->p, a->cause));
		label_text(w, &l, "mapping", a->mapping_label);
		emit_sample(w, a->node, values, &l);
	}
}

static void emit_comment(struct writer *w, const char *s)
{
	Pprof__Profile part = PPROF__PROFILE__INIT;
	int64_t number = text_number(w, s);

	part.n_comment = 1;
	part.comment = &number;
	emit_part(w, &part);
}

static void comment_errors(struct writer *w)
{
	g_autofree char *period = text_size((int64_t)w->p->period);
	g_autofree char *n = text_count(w->p->samples);
	GString *s = g_string_new(NULL);

	g_string_printf(s, "sampled: %s samples, one per %s of growth; standard errors:", n,
			period);
	for (int k = 0; k < SAMPLE_TYPES; k++) {
		g_autofree char *total = text_size(w->p->total[k]);
		g_autofree char *error = text_size((int64_t)profile_error(w->p, w->p->total[k]));

		g_string_append_printf(s, "%s %s %s ± %s", k ? "," : "", value_name[k], total,
				       error);
	}
	emit_comment(w, s->str);
	g_string_free(s, TRUE);
}

static void comment_losses(struct writer *w)
{
	const struct profile_loss *l = &w->p->lost;
	g_autofree char *bytes = text_size((int64_t)l->bytes), *line = NULL;

	line = g_strdup_printf("lost: %" G_GUINT64_FORMAT
			       " samples (%s); changes of mappings: %" G_GUINT64_FORMAT,
			       l->samples, bytes, l->vma_changes);
	emit_comment(w, line);
	for (int i = 0; i < TARE_LOSSES; i++) {
		g_autofree char *one = g_strdup_printf("lost: %" G_GUINT64_FORMAT " %s",
						       w->r->lost[i], lost_meaning[i]);

		if (w->r->lost[i])
			emit_comment(w, one);
	}
}

static void emit_comments(struct writer *w)
{
	const struct report *r = w->r;
	g_autofree char *command = table_command(r->command, COMMAND_MOST);
	g_autofree char *tare =
		g_strdup_printf("tare %s, Linux %s", r->tare_version ?: "?", r->kernel ?: "?");
	g_autofree char *what = r->target ? g_strdup_printf("target: %s", r->target) :
					    g_strdup_printf("command: %s", command);
	g_autofree char *why = g_strdup_printf("%suntouched: not measured: %s",
					       w->p->virtual_why ? "virtual, " : "",
					       w->p->virtual_why           ?:
						       w->p->untouched_why ?:
									     "");

	emit_comment(w, tare);
	emit_comment(w, what);
	comment_errors(w);
	comment_losses(w);
	if (w->values < VALUES)
		emit_comment(w, why);
}

static void emit_head(struct writer *w)
{
	Pprof__ValueType type = PPROF__VALUE_TYPE__INIT;
	Pprof__Profile part = PPROF__PROFILE__INIT;

	type.type = text_number(w, value_name[SAMPLE_TYPE_GROWN]);
	type.unit = text_number(w, "bytes");
	part.period_type = &type;
	part.period = (int64_t)w->p->period;
	part.time_nanos = w->r->started_ns;
	part.duration_nanos = (int64_t)w->r->duration_ns;
	part.default_sample_type = text_number(w, value_name[SAMPLE_TYPE_LIVE_PEAK]);
	emit_part(w, &part);
	for (unsigned i = 0; i < w->values; i++)
		value_type(w, i);
}

GString *pprof_render(const struct report *r)
{
	struct writer w = { .r = r, .p = r->profile };
	GString *out;

	if (!r->profile)
		return NULL;
	w.out = g_string_new(NULL);
	w.texts = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	w.links = intern_new(sizeof(struct link));
	w.functions = intern_new(sizeof(struct function));
	w.locations = g_hash_table_new(NULL, NULL);
	w.stack = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	w.ids = g_array_new(FALSE, FALSE, sizeof(uint64_t));
	w.values = profile_sample_types(r->profile);
	text_number(&w, "");
	emit_head(&w);
	emit_comments(&w);
	emit_mappings(&w);
	emit_entries(&w);
	virtual(&w);
	out = pprof_gzip(w.out, Z_DEFAULT_COMPRESSION);
	g_string_free(w.out, TRUE);
	g_hash_table_unref(w.texts);
	g_hash_table_unref(w.locations);
	intern_free(w.links);
	intern_free(w.functions);
	g_array_unref(w.stack);
	g_array_unref(w.ids);
	return out;
}
