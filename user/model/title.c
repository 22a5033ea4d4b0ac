/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/title.h"

#include <string.h>

#define TYPE "--type="
#define SIBLINGS_MOST 64 /* processes that a process is compared with */

static const char *first_of(const GPtrArray *argv)
{
	return argv->len ? argv->pdata[0] : "";
}

/* The first argument is normally a path. A path may have spaces, but rarely ": " or " -". */
bool title_rewritten(const GPtrArray *argv)
{
	const char *first = first_of(argv);

	return strstr(first, ": ") || strstr(first, " -");
}

/* The first word in any argument that begins with `prefix`; NULL: none. The caller frees it. */
static char *word_with(const GPtrArray *argv, const char *prefix)
{
	for (unsigned i = 0; i < argv->len; i++) {
		const char *at = strstr(argv->pdata[i], prefix);

		if (at && (at == argv->pdata[i] || at[-1] == ' '))
			return g_strndup(at, strcspn(at, " "));
	}
	return NULL;
}

char *title_of(const char *comm, const GPtrArray *argv)
{
	g_autofree char *type = word_with(argv, TYPE);
	const char *first = first_of(argv);
	char *title;

	if (type && type[strlen(TYPE)])
		return g_strdup_printf("%s %s", comm, type);
	if (!strstr(first, ": "))
		return NULL;
	title = g_strdup(first);
	return *g_strstrip(title) ? title : (g_free(title), NULL);
}

void title_fill(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		struct report_process *p = r->processes->pdata[i];

		g_free(p->title);
		p->title = p->count > 1 ? NULL : title_of(p->comm ?: "?", p->argv);
	}
}

static bool has_argument(const GPtrArray *argv, const char *word)
{
	for (unsigned i = 1; i < argv->len; i++)
		if (!strcmp(argv->pdata[i], word))
			return true;
	return false;
}

/* Other processes with the same name and title. */
static GPtrArray *siblings_of(const struct report *r, const struct report_process *p)
{
	GPtrArray *some = g_ptr_array_new();

	for (unsigned i = 0; i < r->processes->len && some->len < SIBLINGS_MOST; i++) {
		struct report_process *other = r->processes->pdata[i];

		if (other != p && other->count == 1 && other->argv->len > 1 &&
		    !g_strcmp0(other->comm, p->comm) && !g_strcmp0(other->title, p->title))
			g_ptr_array_add(some, other);
	}
	return some;
}

static bool is_temporary(const char *argument)
{
	return g_str_has_prefix(argument, "/tmp/");
}

/* Remove names of temporary files, unless that would leave nothing: each process has its own, and
 * they say nothing to a reader. */
static void drop_temporary(GPtrArray *arguments)
{
	unsigned left = 0;

	for (unsigned i = 0; i < arguments->len; i++)
		left += !is_temporary(arguments->pdata[i]);
	for (unsigned i = arguments->len; left && i-- > 0;)
		if (is_temporary(arguments->pdata[i]))
			g_ptr_array_remove_index(arguments, i);
}

static bool has_word(GPtrArray *words, const char *word)
{
	return g_ptr_array_find_with_equal_func(words, word, g_str_equal, NULL);
}

GPtrArray *title_arguments(const struct report *r, const struct report_process *p)
{
	g_autoptr(GPtrArray) siblings = siblings_of(r, p);
	GPtrArray *own = g_ptr_array_new();

	for (unsigned i = 1; i < p->argv->len; i++) {
		unsigned with = 0;

		for (unsigned k = 0; k < siblings->len; k++)
			with += has_argument(
				((const struct report_process *)siblings->pdata[k])->argv,
				p->argv->pdata[i]);
		if ((!siblings->len || with < siblings->len) &&
		    !(siblings->len && has_word(own, p->argv->pdata[i])))
			g_ptr_array_add(own, p->argv->pdata[i]);
	}
	if (siblings->len)
		drop_temporary(own);
	if (own->len)
		return own;
	for (unsigned i = 1; i < p->argv->len; i++)
		g_ptr_array_add(own, p->argv->pdata[i]);
	return own;
}
