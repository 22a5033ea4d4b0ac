/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/catalogue.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "model/bench.h"

#define SCHEMA "tare.workloads/1"
#define SIZE_MAX_BYTES (16 << 20)
#define NUMBER_MAX (1LL << 53) /* the largest number that results can hold */

static void workload_free(void *data)
{
	struct workload *w = data;

	g_free(w->id);
	g_free(w->title);
	g_free(w->language);
	g_free(w->family);
	g_free(w->task);
	g_free(w->root);
	g_free(w->source);
	g_free(w->build);
	g_strfreev(w->run);
	g_strfreev(w->env);
	g_free(w->version);
	g_free(w->limits);
	g_free(w->twin);
	g_ptr_array_unref(w->published);
	g_free(w);
}

void catalogue_free(struct catalogue *c)
{
	if (!c)
		return;
	g_free(c->path);
	g_free(c->folder);
	g_ptr_array_unref(c->workloads);
	g_free(c);
}

/* The line on which the index-th element of an array in the outermost object begins; jansson
 * does not keep it. `array` is the array's name. */
static int line_of(const char *text, const char *array, size_t index)
{
	g_autofree char *key = g_strdup_printf("\"%s\"", array);
	bool quoted = false, inside = false, fresh = false;
	int line = 1, depth = 0;
	size_t seen = 0;

	for (const char *p = text; *p; p++) {
		line += *p == '\n';
		if (quoted) {
			quoted = *p != '"';
			p += *p == '\\' && p[1];
			continue;
		}
		/* Fresh: what comes next is an element. */
		if (fresh && !g_ascii_isspace(*p)) {
			if (inside && *p != ']' && seen++ == index)
				return line;
			fresh = false;
		}
		if (*p == '"') {
			if (depth == 1)
				inside = g_str_has_prefix(p, key);
			quoted = true;
		}
		depth += (*p == '{' || *p == '[') - (*p == '}' || *p == ']');
		if (depth == 2 && (*p == '[' || *p == ','))
			fresh = true;
	}
	return line;
}

static char **parse_strings(const json_t *array)
{
	GPtrArray *list = g_ptr_array_new();

	for (size_t i = 0; i < json_array_size(array); i++) {
		const char *s = json_string_value(json_array_get(array, i));

		g_ptr_array_add(list, g_strdup(s ? s : ""));
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

static char **parse_assignments(json_t *object)
{
	GPtrArray *list = g_ptr_array_new();
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		const char *s = json_string_value(value);

		g_ptr_array_add(list, g_strdup_printf("%s=%s", name, s ? s : ""));
	}
	g_ptr_array_add(list, NULL);
	return (char **)g_ptr_array_free(list, FALSE);
}

/* Is it the name of a directory within the catalogue's, without characters special to --only? */
static bool is_plain_name(const char *name)
{
	return *name && *name != '.' && !strpbrk(name, "/,*?");
}

static const char *const families[] = { "sleep", "connect", "touch", "channel", NULL };

static const char *find_mistake(const struct catalogue *c, const struct workload *w, json_int_t max)
{
	if (!is_plain_name(w->id))
		return "id: not a plain name";
	for (unsigned i = 0; i < c->workloads->len; i++)
		if (!strcmp(((struct workload *)c->workloads->pdata[i])->id, w->id))
			return "id: there is another of this name";
	if (!g_strv_contains(families, w->family))
		return "family: not sleep, connect, touch or channel";
	if (strcmp(w->root, "bookworm") && strcmp(w->root, "sid"))
		return "root: not bookworm or sid";
	if (!w->run[0] || !*w->run[0])
		return "run: names no program";
	if (max < 1)
		return "max: not a number above 0";
	return NULL;
}

static bool is_list_of_texts(const json_t *list)
{
	for (size_t i = 0; i < json_array_size(list); i++)
		if (!json_is_string(json_array_get(list, i)))
			return false;
	return json_is_array(list);
}

static bool text_or_null(const json_t *value)
{
	return json_is_string(value) || json_is_null(value);
}

static bool texts_by_name(json_t *object)
{
	const char *name;
	json_t *value;

	json_object_foreach(object, name, value)
	{
		if (!json_is_string(value))
			return false;
	}
	return json_is_object(object);
}

/* Check the members that json_unpack() takes as any value ("o"). */
static const char *wrong_type(json_t *entry)
{
	static const char *const lists[] = { "run", "needs", "packages", "npm" };
	static const char *const wants[] = { "run: not a list of texts",
					     "needs: not a list of texts",
					     "packages: not a list of texts",
					     "npm: not a list of texts" };
	json_t *value;

	for (unsigned i = 0; i < G_N_ELEMENTS(lists); i++) {
		value = json_object_get(entry, lists[i]);
		if (value && !is_list_of_texts(value))
			return wants[i];
	}
	if (!text_or_null(json_object_get(entry, "build")))
		return "build: not a text or null";
	if (!text_or_null(json_object_get(entry, "limits")))
		return "limits: not a text or null";
	value = json_object_get(entry, "env");
	return value && !texts_by_name(value) ? "env: not an object of texts" : NULL;
}

static int report_mistake(const struct catalogue *c, const char *text, const char *array,
			  size_t index, const char *why)
{
	log_error("%s:%d: %s", c->path, line_of(text, array, index), why);
	return -EINVAL;
}

static int take_workload(struct catalogue *c, json_t *entry, const char *text, size_t index)
{
	struct workload *w = g_new0(struct workload, 1);
	const char *id, *title, *language, *family, *task, *root, *version, *why;
	const char *folder = NULL, *get = NULL, *twin = NULL;
	json_t *build, *run, *needs, *packages, *npm = NULL, *env = NULL, *limits;
	int stackful, after, silent = 0, err;
	json_int_t max;
	json_error_t e;

	w->published = g_ptr_array_new_with_free_func(bench_published_free);
	err = json_unpack_ex(entry, &e, JSON_STRICT,
			     "{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:s, s:o, s:o, s:I, s:o,"
			     " s:b, s:b, s?b, s?s, s?s, s?s, s?o, s?o}",
			     "id", &id, "title", &title, "language", &language, "family", &family,
			     "task", &task, "root", &root, "build", &build, "run", &run, "version",
			     &version, "needs", &needs, "packages", &packages, "max", &max,
			     "limits", &limits, "stackful", &stackful, "after", &after, "silent",
			     &silent, "folder", &folder, "get", &get, "twin", &twin, "npm", &npm,
			     "env", &env);
	if (err) {
		workload_free(w);
		return report_mistake(c, text, "workloads", index, e.text);
	}
	why = wrong_type(entry);
	if (why) {
		workload_free(w);
		return report_mistake(c, text, "workloads", index, why);
	}
	w->id = g_strdup(id);
	w->title = g_strdup(title);
	w->language = g_strdup(language);
	w->family = g_strdup(family);
	w->task = g_strdup(task);
	w->root = g_strdup(root);
	w->build = g_strdup(json_is_string(build) ? json_string_value(build) : "");
	w->version = g_strdup(version);
	w->run = parse_strings(run);
	w->env = parse_assignments(env);
	w->limits = g_strdup(json_string_value(limits));
	w->max = max;
	w->stackful = stackful;
	w->after = after;
	w->silent = silent;
	w->twin = g_strdup(twin);
	w->source = g_build_filename(c->folder, folder ? folder : id, NULL);
	why = find_mistake(c, w, max);
	if (!why && folder && !is_plain_name(folder))
		why = "folder: not a plain name";
	g_ptr_array_add(c->workloads, w);
	return why ? report_mistake(c, text, "workloads", index, why) : 0;
}

static struct workload *find_workload(const struct catalogue *c, const char *id)
{
	for (unsigned i = 0; id && i < c->workloads->len; i++) {
		struct workload *w = c->workloads->pdata[i];

		if (!strcmp(w->id, id))
			return w;
	}
	return NULL;
}

/* {"1000": 12345, …} */
static bool is_map_of_sizes(json_t *object)
{
	const char *n;
	json_t *value;

	json_object_foreach(object, n, value)
	{
		if (!g_ascii_string_to_unsigned(n, 10, 0, NUMBER_MAX, NULL, NULL) ||
		    !json_is_integer(value) || json_integer_value(value) < 0 ||
		    json_integer_value(value) > NUMBER_MAX)
			return false;
	}
	return json_is_object(object);
}

/* {"source", "version", "workloads": [id…], "rss": {"N": bytes…}} */
static int take_published(struct catalogue *c, json_t *entry, const char *text, size_t index)
{
	const char *source, *version, *n;
	json_t *ids, *rss, *value;
	json_error_t e;

	if (json_unpack_ex(entry, &e, JSON_STRICT, "{s:s, s:s, s:o, s:o}", "source", &source,
			   "version", &version, "workloads", &ids, "rss", &rss))
		return report_mistake(c, text, "published", index, e.text);
	if (!is_list_of_texts(ids) || !is_map_of_sizes(rss))
		return report_mistake(c, text, "published", index,
				      !is_list_of_texts(ids) ?
					      "workloads: not a list of texts" :
					      "rss: not {\"NUMBER OF TASKS\": BYTES, …}");
	for (size_t i = 0; i < json_array_size(ids); i++) {
		struct workload *w = find_workload(c, json_string_value(json_array_get(ids, i)));

		if (!w)
			return report_mistake(c, text, "published", index,
					      "names no workload of this file");
		json_object_foreach(rss, n, value)
		{
			struct bench_published *p = g_new0(struct bench_published, 1);

			p->source = g_strdup(source);
			p->version = g_strdup(version);
			p->tasks = g_ascii_strtoull(n, NULL, 10);
			p->rss = json_integer_value(value);
			g_ptr_array_add(w->published, p);
		}
	}
	return 0;
}

static int parse_catalogue(struct catalogue *c, json_t *file, const char *text)
{
	json_t *workloads = json_object_get(file, "workloads");
	json_t *published = json_object_get(file, "published");
	const char *schema = json_string_value(json_object_get(file, "schema"));
	int err = 0;

	if (!schema || strcmp(schema, SCHEMA) || !json_is_array(workloads) ||
	    (published && !json_is_array(published))) {
		log_error("%s:1: not a catalogue of workloads "
			  "(\"schema\": \"%s\", \"workloads\": […])",
			  c->path, SCHEMA);
		return -EINVAL;
	}
	for (size_t i = 0; !err && i < json_array_size(workloads); i++)
		err = take_workload(c, json_array_get(workloads, i), text, i);
	for (unsigned i = 0; !err && i < c->workloads->len; i++) {
		const struct workload *w = c->workloads->pdata[i];

		if (w->twin && find_workload(c, w->twin) == NULL)
			err = report_mistake(c, text, "workloads", i,
					     "twin: names no workload of this file");
	}
	for (size_t i = 0; !err && i < json_array_size(published); i++)
		err = take_published(c, json_array_get(published, i), text, i);
	return err;
}

/* Accept only a regular file of plausible size: /dev/zero, for example, has no end. */
static int check_file(const char *path)
{
	struct stat st;

	if (stat(path, &st)) {
		log_error("no catalogue of workloads: %s: %s", path, g_strerror(errno));
		return -errno;
	}
	if (S_ISREG(st.st_mode) && st.st_size <= SIZE_MAX_BYTES)
		return 0;
	log_error("%s: %s", path, S_ISREG(st.st_mode) ? "too large for a catalogue" : "not a file");
	return -EINVAL;
}

int catalogue_parse(struct catalogue **out, const char *path, const char *text, size_t len)
{
	struct catalogue *c = g_new0(struct catalogue, 1);
	json_error_t e;
	json_t *file;
	int err;

	c->path = g_strdup(path);
	c->folder = g_path_get_dirname(path);
	c->workloads = g_ptr_array_new_with_free_func(workload_free);
	file = json_loadb(text, len, JSON_REJECT_DUPLICATES, &e);
	if (!file)
		log_error("%s:%d: %s", path, e.line, e.text);
	err = file ? parse_catalogue(c, file, text) : -EINVAL;
	json_decref(file);
	if (err)
		catalogue_free(c);
	else
		*out = c;
	return err;
}

int catalogue_load(struct catalogue **c, const char *path)
{
	g_autoptr(GError) failed = NULL;
	g_autofree char *text = NULL;
	char *real = realpath(path, NULL);
	gsize len = 0;
	int err = check_file(real ? real : path);

	if (!err && !g_file_get_contents(real ? real : path, &text, &len, &failed)) {
		log_error("no catalogue of workloads: %s", failed->message);
		err = -EIO;
	}
	if (!err)
		err = catalogue_parse(c, real ? real : path, text, len);
	free(real);
	return err;
}

char *catalogue_default(void)
{
	/* build/tare, PREFIX/bin/tare, build/static/tare */
	static const char *const places[] = { "../tools/workloads", "../share/tare/workloads",
					      "../../tools/workloads" };
	g_autofree char *exe = g_file_read_link("/proc/self/exe", NULL);
	g_autofree char *bin = exe ? g_path_get_dirname(exe) : g_strdup(".");

	for (unsigned i = 0; i < G_N_ELEMENTS(places); i++) {
		char *path = g_build_filename(bin, places[i], "catalogue.json", NULL);

		if (!access(path, R_OK))
			return path;
		g_free(path);
	}
	return access("tools/workloads/catalogue.json", R_OK) ?
		       NULL :
		       g_strdup("tools/workloads/catalogue.json");
}

/* If the word is an id, it means that workload only, even if a language has the same name. */
static bool word_matches(const struct catalogue *c, const struct workload *w, const char *word)
{
	if (find_workload(c, word))
		return !strcmp(word, w->id);
	return g_pattern_match_simple(word, w->id) || !g_ascii_strcasecmp(word, w->language) ||
	       !strcmp(word, w->family) || !strcmp(word, w->root);
}

static void no_match(const struct catalogue *c, const char *word)
{
	g_autofree const char **ids = g_new0(const char *, c->workloads->len + 1);
	const char *near;

	for (unsigned i = 0; i < c->workloads->len; i++)
		ids[i] = ((struct workload *)c->workloads->pdata[i])->id;
	log_error("--only %s: no workload of the catalogue", word);
	near = text_nearest(word, ids);
	if (near)
		log_hint("--only %s", near);
	else
		log_hint("tare bench --list");
}

GPtrArray *catalogue_select(const struct catalogue *c, const char *list)
{
	g_auto(GStrv) words = g_strsplit(list ? list : "*", ",", -1);
	GPtrArray *chosen;

	if (!words[0]) { /* of "" */
		no_match(c, "");
		return NULL;
	}
	chosen = g_ptr_array_new();
	for (char **word = words; *word; word++) {
		bool any = false;

		for (unsigned i = 0; i < c->workloads->len; i++)
			any |= word_matches(c, c->workloads->pdata[i], *word);
		if (any)
			continue;
		no_match(c, *word);
		g_ptr_array_unref(chosen);
		return NULL;
	}
	for (unsigned i = 0; i < c->workloads->len; i++)
		for (char **word = words; *word; word++)
			if (word_matches(c, c->workloads->pdata[i], *word)) {
				g_ptr_array_add(chosen, c->workloads->pdata[i]);
				break;
			}
	return chosen;
}

char *catalogue_fill(const char *text, const char *const *values)
{
	GString *filled = g_string_new(text);

	for (; *values; values += 2) {
		g_autofree char *name = g_strdup_printf("{%s}", values[0]);

		g_string_replace(filled, name, values[1], 0);
	}
	return g_string_free(filled, FALSE);
}
