/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Compares a report of tare with what every report must fulfil, with the kernel's figures, and
 * with what the program says that it did. It must not know how any of them was obtained.
 */
#include "check.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const kinds[] = { "anon", "file", "shmem", "swap", "pagetable" };

int wrongs;

/* The program's latest statement of one kind about a task or process. Causes are checked in
 * tests/e2e only: up to 6.1 a change is reported with the next one, under the next one's
 * cause. */
struct fact {
	char verb[16];
	pid_t id;
	char kind[16];
	char way[4]; /* for by_others: "in" or "out" */
	int64_t bytes, slack;
};

void wrong(const char *fmt, ...)
{
	va_list ap;

	wrongs++;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* JSON */

/* The number at "balance/anon/net"; a missing path is an error. */
static int64_t num(const json_t *object, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, "/", -1);
	const json_t *at = object;

	for (char **key = keys; *key; key++)
		at = json_object_get(at, *key);
	if (!json_is_integer(at))
		wrong("the report has no number %s", path);
	return json_integer_value(at);
}

__attribute__((format(printf, 2, 3))) static int64_t numf(const json_t *object, const char *fmt,
							  ...)
{
	g_autofree char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	path = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	return num(object, path);
}

static bool is_alive(const json_t *object)
{
	return json_is_true(json_object_get(object, "alive"));
}

/* The process with a pid, or the task with a tid. Of several, the living one, otherwise the one
 * that started last. */
static const json_t *better_match(const json_t *a, const json_t *b)
{
	if (!a || (is_alive(b) && !is_alive(a)))
		return b;
	return num(b, "start_ns") > num(a, "start_ns") && is_alive(a) == is_alive(b) ? b : a;
}

static const json_t *process_of(const json_t *report, pid_t pid)
{
	const json_t *found = NULL, *p;
	size_t i;

	json_array_foreach(json_object_get(report, "processes"), i, p) if (num(p, "pid") == pid)
		found = better_match(found, p);
	return found;
}

static const json_t *task_of(const json_t *report, pid_t tid)
{
	const json_t *found = NULL, *p, *t;
	size_t i, j;

	json_array_foreach(json_object_get(report, "processes"), i, p)
		json_array_foreach(json_object_get(p, "tasks"), j, t) if (num(t, "tid") == tid)
			found = better_match(found, t);
	return found;
}

static void check_nothing_held(const json_t *process)
{
	for (size_t k = 0; !is_alive(process) && k < G_N_ELEMENTS(kinds); k++) {
		int64_t net = numf(process, "balance/%s/net", kinds[k]);

		if (net)
			wrong("pid %d %s: ended, but net is %" PRId64, (int)num(process, "pid"),
			      kinds[k], net);
	}
}

/* Checks what depends on the kernel. tests/e2e/lib/report.py checks the report's arithmetic,
 * which is the same code on every kernel. */
void check_books(const json_t *report)
{
	const json_t *books = json_object_get(report, "books"), *process, *lost;
	const char *name;
	size_t i;

	if (!json_is_true(json_object_get(books, "balanced"))) {
		g_autofree char *text = json_dumps(books, JSON_COMPACT);

		wrong("books are not balanced: %s", text);
	}
	if (num(books, "off_pages") || num(books, "mms_nonzero"))
		wrong("books: off_pages %" PRId64 ", mms_nonzero %" PRId64, num(books, "off_pages"),
		      num(books, "mms_nonzero"));
	json_object_foreach(json_object_get(report, "lost"), name,
			    lost) if (json_integer_value(lost))
		wrong("lost: %s %" PRId64, name, (int64_t)json_integer_value(lost));
	num(report, "lost/total");
	json_array_foreach(json_object_get(report, "processes"), i, process)
		check_nothing_held(process);
}

/* Compares the snapshot with /proc. */

static int64_t net_of(const json_t *process, const char *kind)
{
	return process ? numf(process, "balance/%s/net", kind) : 0;
}

static void check_equal(pid_t pid, const char *what, int64_t tare, int64_t kernel)
{
	if (tare != kernel)
		wrong("pid %d %s: tare %" PRId64 ", kernel %" PRId64 " (off by %" PRId64 " pages)",
		      pid, what, tare, kernel, (tare - kernel) / sysconf(_SC_PAGESIZE));
}

static void check_weight(const json_t *report, const struct weight *w, const struct word *word)
{
	const json_t *p = process_of(report, w->pid), *guest;
	gpointer other = g_hash_table_lookup(word->shares, GINT_TO_POINTER(w->pid));

	if (!p || !is_alive(p)) {
		wrong("pid %d lives, but the report has it %s", w->pid, p ? "ended" : "not at all");
		return;
	}
	guest = other ? process_of(report, GPOINTER_TO_INT(other)) : NULL;
	check_equal(w->pid, "anon", net_of(p, "anon") + net_of(guest, "anon"), w->anon);
	check_equal(w->pid, "file + shmem",
		    net_of(p, "file") + net_of(p, "shmem") + net_of(guest, "file") +
			    net_of(guest, "shmem"),
		    w->rss - w->anon);
	check_equal(w->pid, "page tables", net_of(p, "pagetable") + net_of(guest, "pagetable"),
		    w->pagetable);
}

static bool is_guest(const struct word *word, pid_t pid)
{
	GHashTableIter iter;
	gpointer guest;

	g_hash_table_iter_init(&iter, word->shares);
	while (g_hash_table_iter_next(&iter, NULL, &guest))
		if (GPOINTER_TO_INT(guest) == pid)
			return true;
	return false;
}

/* Otherwise a process that is alive in the report and missing in /proc would not be noticed. */
void check_weights(const json_t *report, const GArray *all, const struct word *word)
{
	const json_t *p;
	size_t i, live = 0;

	for (i = 0; i < all->len; i++) {
		const struct weight *w = &g_array_index(all, struct weight, i);

		if (!is_guest(word, w->pid))
			check_weight(report, w, word);
	}
	json_array_foreach(json_object_get(report, "processes"), i, p) live += is_alive(p);
	if (live != all->len)
		wrong("%zu processes live in the report, %u in /proc", live, all->len);
}

/* Compares the report with the program's statements. */

static bool fact_value(const json_t *report, const struct fact *f, int64_t *value)
{
	bool of_task = !strcmp(f->verb, "touched") || !strcmp(f->verb, "freed");
	const json_t *at = of_task ? task_of(report, f->id) : process_of(report, f->id);

	if (!at) {
		wrong("%s: the report has no %d", f->verb, f->id);
		return false;
	}
	if (!strcmp(f->verb, "touched"))
		*value = numf(at, "%s/in", f->kind);
	else if (!strcmp(f->verb, "freed"))
		*value = numf(at, "%s/out", f->kind);
	else if (!strcmp(f->verb, "inherited"))
		*value = numf(at, "balance/%s/initial", f->kind);
	else
		*value = numf(at, "by_others/%s/%s", f->kind, f->way);
	return true;
}

static const struct fact *find_fact(const struct word *word, const char *verb,
				    const struct fact *of)
{
	for (size_t i = 0; i < word->facts->len; i++) {
		const struct fact *f = &g_array_index(word->facts, struct fact, i);

		if (f->id == of->id && !strcmp(f->verb, verb) && !strcmp(f->kind, of->kind))
			return f;
	}
	return NULL;
}

/* Up to 6.1 a task reports the sum of up to 64 changes. Changes that cancel each other are in
 * neither of its figures, and both lack the same amount. */
static bool may_be_cancelled(const json_t *report, const struct word *word, const struct fact *f)
{
	const struct fact *in = find_fact(word, "touched", f), *out = find_fact(word, "freed", f);
	int64_t took, gave, missing;

	if (!json_object_get(json_object_get(report, "features"), "causes") || !in || !out ||
	    !fact_value(report, in, &took) || !fact_value(report, out, &gave))
		return false;
	missing = out->bytes - gave;
	return missing >= 0 && missing <= 64 * sysconf(_SC_PAGESIZE) &&
	       took + missing >= in->bytes && took + missing <= in->bytes + in->slack;
}

void check_facts(const json_t *report, const struct word *word)
{
	for (size_t i = 0; i < word->facts->len; i++) {
		const struct fact *f = &g_array_index(word->facts, struct fact, i);
		int64_t value = 0;

		if (fact_value(report, f, &value) &&
		    (value < f->bytes || value > f->bytes + f->slack) &&
		    !may_be_cancelled(report, word, f))
			wrong("%s %d %s: tare %" PRId64 ", the program %" PRId64 " (+ %" PRId64 ")",
			      f->verb, f->id, f->kind, value, f->bytes, f->slack);
	}
}

static void remember_fact(struct word *word, const struct fact *new)
{
	for (size_t i = 0; i < word->facts->len; i++) {
		struct fact *f = &g_array_index(word->facts, struct fact, i);

		if (f->id == new->id && !strcmp(f->verb, new->verb) &&
		    !strcmp(f->kind, new->kind) && !strcmp(f->way, new->way)) {
			*f = *new;
			return;
		}
	}
	g_array_append_val(word->facts, *new);
}

static bool is_kind(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!strcmp(word, kinds[i]))
			return true;
	return false;
}

/* "touched tid=7 anon=4096 shmem=0 slack=4096": a fact for each kind. */
static void learn_facts(struct word *word, char **words)
{
	struct fact f = { 0 };

	g_strlcpy(f.verb, words[0], sizeof(f.verb));
	for (char **w = words + 1; *w; w++) {
		if (g_str_has_prefix(*w, "slack="))
			f.slack = strtoll(*w + 6, NULL, 10);
		else if (g_str_has_prefix(*w, "tid=") || g_str_has_prefix(*w, "pid="))
			f.id = atoi(*w + 4);
		else if (g_str_has_prefix(*w, "way="))
			g_strlcpy(f.way, *w + 4, sizeof(f.way));
	}
	for (char **w = words + 1; *w; w++) {
		g_auto(GStrv) pair = g_strsplit(*w, "=", 2);

		if (!pair[0] || !pair[1] || !is_kind(pair[0]))
			continue;
		g_strlcpy(f.kind, pair[0], sizeof(f.kind));
		f.bytes = strtoll(pair[1], NULL, 10);
		remember_fact(word, &f);
	}
}

static void note_shared(struct word *word, char **words)
{
	int pid, guest;

	if (words[1] && words[2] && sscanf(words[1], "pid=%d", &pid) == 1 &&
	    sscanf(words[2], "pid2=%d", &guest) == 1)
		g_hash_table_insert(word->shares, GINT_TO_POINTER(pid), GINT_TO_POINTER(guest));
}

void word_learn(struct word *w, char **words)
{
	static const char *const verbs[] = { "touched", "freed", "inherited", "by_others", NULL };

	if (!strcmp(words[0], "one_mm"))
		note_shared(w, words);
	else if (g_strv_contains(verbs, words[0]))
		learn_facts(w, words);
}

struct word *word_new(void)
{
	struct word *w = g_new0(struct word, 1);

	w->facts = g_array_new(FALSE, TRUE, sizeof(struct fact));
	w->shares = g_hash_table_new(NULL, NULL);
	return w;
}

void check_kmem(const json_t *report, const char *level, int64_t bytes)
{
	const json_t *kmem = json_object_get(report, "kmem");
	const char *said = json_string_value(json_object_get(kmem, "level"));
	int64_t kernel = num(report, "kmem/by_cgroup"), charged = num(report, "cgroup/current");

	if (g_strcmp0(said, level))
		wrong("kernel memory is of level %s, not %s", said ?: "none", level);
	if (!json_is_true(json_object_get(kmem, "whole")) ||
	    !json_is_true(json_object_get(json_object_get(report, "cgroup"), "own")))
		wrong("the workload is in no control group of its own");
	if (kernel <= 0 || charged < bytes)
		wrong("the group is charged %" PRId64 ", of that kernel memory %" PRId64
		      "; should be %" PRId64 " or more, and some",
		      charged, kernel, bytes);
}

bool check_untouched(const json_t *report, int64_t bytes)
{
	const json_t *virtual = json_object_get(json_object_get(report, "samples"), "virtual");
	int64_t untouched;

	if (json_is_null(json_object_get(virtual, "untouched")) &&
	    json_is_string(json_object_get(virtual, "untouched_why")))
		return false;
	untouched = num(report, "samples/virtual/untouched");
	if (untouched < bytes)
		wrong("untouched: %" PRId64 " of what was mapped; should be %" PRId64 " or more",
		      untouched, bytes);
	return true;
}
