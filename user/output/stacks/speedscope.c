/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The profile for speedscope.app, in the format of its file-format-schema.json: sampled
 * profiles, in bytes. The format has no processes and threads, so each stack begins with a
 * frame for each. One line per frame and stack.
 */
#include <string.h>

#include "base/intern.h"
#include "output/json/emit.h"
#include "output/table/parts.h"

#define TITLE_MOST 100 /* columns */

/* The profiles in the file: SAMPLE_TYPES, then these. */
enum { VIRTUAL = SAMPLE_TYPES, UNTOUCHED, VIEWS };

/* Key of a sum: one stack of one task, over all kinds, causes and mappings. */
struct whose {
	uint32_t process, task, node;
};

struct weight {
	int64_t bytes[VIEWS];
};

struct scope {
	const struct report *r;
	const struct profile *p;
	struct intern *whose;
	GArray *weights;    /* struct weight, by number of a struct whose */
	GHashTable *frames; /* JSON text of a frame -> its number in the file */
	GString *shared;    /* the JSON texts of the frames, in order */
	uint32_t *numbers;  /* by profile frame: number in the file + 1; 0: not in it */
	GPtrArray *stacks;  /* "[0,1,7]", by number of a struct whose */
};

static struct weight *whose_weight(struct scope *s, uint32_t process, uint32_t task, uint32_t node)
{
	struct whose key = { process, task, node };
	uint32_t number = intern_put(s->whose, &key);

	if (number == s->weights->len)
		g_array_set_size(s->weights, number + 1);
	return &g_array_index(s->weights, struct weight, number);
}

static void add_up(struct scope *s)
{
	for (unsigned i = 0; i < s->p->entries->len; i++) {
		const struct profile_entry *e =
			&g_array_index(s->p->entries, struct profile_entry, i);
		struct weight *w = whose_weight(s, e->process, e->task, e->node);

		for (int k = 0; k < SAMPLE_TYPES; k++)
			w->bytes[k] += e->bytes[k];
	}
	for (unsigned i = 0; i < s->p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(s->p->virtual, struct profile_virtual, i);
		struct weight *w = whose_weight(s, a->process, a->task, a->node);

		w->bytes[VIRTUAL] += a->bytes;
		w->bytes[UNTOUCHED] += a->untouched;
	}
}

/* Frames with equal texts share a number. `file`: source file, or module. */
static uint32_t frame_number(struct scope *s, const char *name, const char *file, int line)
{
	json_t *object = json_object();
	g_autoptr(GString) text = g_string_new(NULL);
	gpointer known;
	uint32_t number = g_hash_table_size(s->frames);

	json_set_string(object, "name", name && *name ? name : "?");
	if (file)
		json_set_string(object, "file", file);
	if (file && line > 0)
		json_set_int(object, "line", line);
	json_emit(text, object);
	if (g_hash_table_lookup_extended(s->frames, text->str, NULL, &known))
		return GPOINTER_TO_UINT(known);
	g_string_append_printf(s->shared, "%s%s", number ? ",\n" : "", text->str);
	g_hash_table_insert(s->frames, g_strdup(text->str), GUINT_TO_POINTER(number));
	return number;
}

static uint32_t profile_frame(struct scope *s, uint32_t i)
{
	const struct profile_frame *f = &g_array_index(s->p->frames, struct profile_frame, i);

	if (!s->numbers[i])
		s->numbers[i] = frame_number(s, f->function,
					     f->file ?: profile_module_path(s->p, f->module),
					     f->file ? f->line : 0) +
				1;
	return s->numbers[i] - 1;
}

static char *stack_text(struct scope *s, const struct whose *w)
{
	const struct report_process *proc = s->r->processes->pdata[w->process];
	g_autoptr(GArray) up = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	GString *out = g_string_new(NULL);
	const char *thread = w->task < proc->tasks->len ?
				     ((struct report_task *)proc->tasks->pdata[w->task])->comm :
				     "[process]";

	/* With its program, so that it differs from the frame of a thread with the same name. */
	g_string_printf(out, "[%u", frame_number(s, proc->comm, proc->exe, 0));
	g_string_append_printf(out, ",%u", frame_number(s, thread, NULL, 0));
	profile_stack(s->p, w->node, up);
	for (unsigned i = up->len; i-- > 0;)
		g_string_append_printf(out, ",%u",
				       profile_frame(s, g_array_index(up, uint32_t, i)));
	g_string_append_c(out, ']');
	return g_string_free(out, FALSE);
}

static void emit_view(const struct scope *s, GString *out, unsigned view)
{
	const char *name = view < SAMPLE_TYPES ? sample_type_name[view] :
			   view == VIRTUAL     ? "virtual" :
						 "untouched";
	g_autoptr(GString) weights = g_string_new(NULL);
	int64_t sum = 0;
	bool any = false;

	g_string_append(out, view ? ",\n{\"type\": \"sampled\"" : "\n{\"type\": \"sampled\"");
	json_emit_field(out, "name", json_string(name));
	json_emit_field(out, "unit", json_string("bytes"));
	g_string_append(out, ",\n\"samples\": [");
	for (unsigned i = 0; i < s->weights->len; i++) {
		int64_t bytes = g_array_index(s->weights, struct weight, i).bytes[view];

		if (bytes <= 0)
			continue;
		sum += bytes;
		g_string_append_printf(out, "%s\n%s", any ? "," : "", (char *)s->stacks->pdata[i]);
		g_string_append_printf(weights, "%s%" G_GINT64_FORMAT, any ? "," : "", bytes);
		any = true;
	}
	g_string_append_printf(out, "],\n\"weights\": [%s]", weights->str);
	json_emit_field(out, "startValue", json_integer(0));
	json_emit_field(out, "endValue", json_integer(sum));
	g_string_append(out, "}");
}

/* The command, or the target of attach. */
static json_t *json_title(const struct report *r)
{
	g_autofree char *command = table_command(r->command, TITLE_MOST);

	return json_text(r->target ?: command);
}

static GString *file_text(const struct scope *s)
{
	GString *out = g_string_new(
		"{\"$schema\": \"https://www.speedscope.app/file-format-schema.json\"");
	g_autofree char *exporter = g_strdup_printf("tare@%s", s->r->tare_version ?: "?");

	json_emit_field(out, "name", json_title(s->r));
	json_emit_field(out, "exporter", json_text(exporter));
	json_emit_field(out, "activeProfileIndex", json_integer(SAMPLE_TYPE_LIVE_PEAK));
	g_string_append_printf(out, ",\n\"shared\": {\"frames\": [\n%s]}", s->shared->str);
	g_string_append(out, ",\n\"profiles\": [");
	for (unsigned view = 0; view < profile_sample_types(s->p); view++)
		emit_view(s, out, view);
	g_string_append(out, "]\n}\n");
	return out;
}

GString *speedscope_render(const struct report *r)
{
	struct scope s = { .r = r, .p = r->profile };
	GString *out;

	if (!r->profile)
		return NULL;
	s.whose = intern_new(sizeof(struct whose));
	s.weights = g_array_new(FALSE, TRUE, sizeof(struct weight));
	s.frames = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	s.shared = g_string_new(NULL);
	s.numbers = g_new0(uint32_t, s.p->frames->len);
	s.stacks = g_ptr_array_new_with_free_func(g_free);
	add_up(&s);
	for (unsigned i = 0; i < s.weights->len; i++)
		g_ptr_array_add(s.stacks, stack_text(&s, intern_key(s.whose, i)));
	out = file_text(&s);
	intern_free(s.whose);
	g_array_unref(s.weights);
	g_hash_table_unref(s.frames);
	g_string_free(s.shared, TRUE);
	g_free(s.numbers);
	g_ptr_array_unref(s.stacks);
	return out;
}
