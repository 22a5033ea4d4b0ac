/* SPDX-License-Identifier: GPL-2.0-only */
#include "model/growth_rule.h"

#include <string.h>

#include "base/text.h"

#define NS 1000000000ULL
#define MOST_NS ((HISTORY_TICKS - 8) * NS)

static const char *const whats[] = {
	[GROWTH_MACHINE] = "machine",
	[GROWTH_POD] = "pod",
	[GROWTH_GROUP] = "group",
	[GROWTH_PROCESS] = "process",
};

static bool parse_what(struct growth_rule *r, const char *word)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(whats); i++)
		if (!g_strcmp0(word, whats[i])) {
			r->what = (enum growth_what)i;
			return true;
		}
	return false;
}

static char *wrong(const char *wanted, const char *word)
{
	if (!word)
		return g_strdup_printf("%s at the end", wanted);
	return g_strdup_printf("%s instead of '%s'", wanted, word);
}

/* `word`: the words "grows > SIZE in TIME" and NULL. */
static char *parse_growth(struct growth_rule *r, char **word)
{
	uint64_t bytes;

	if (g_strcmp0(word[0], "grows"))
		return wrong("'grows'", word[0]);
	if (g_strcmp0(word[1], ">"))
		return wrong("'>'", word[1]);
	if (!word[2] || text_parse_size(word[2], &bytes) || !bytes || bytes > 1ULL << 50)
		return wrong("SIZE, as 500MiB,", word[2]);
	r->bytes = (int64_t)bytes;
	if (g_strcmp0(word[3], "in"))
		return wrong("'in'", word[3]);
	if (!word[4] || text_parse_duration(word[4], &r->ns) || r->ns < NS || r->ns > MOST_NS)
		return wrong("TIME from 1s to 120s", word[4]);
	return word[5] ? wrong("nothing", word[5]) : NULL;
}

char *growth_rule_parse(struct growth_rule *r, const char *text)
{
	g_auto(GStrv) all = g_strsplit_set(text, " \t", -1);
	g_autoptr(GPtrArray) words = g_ptr_array_new();
	unsigned next = 1;
	char *why;

	*r = (struct growth_rule){ 0 };
	for (char **w = all; *w; w++)
		if (**w)
			g_ptr_array_add(words, *w);
	/* So that each word that is looked at exists. */
	for (int i = 0; i < 8; i++)
		g_ptr_array_add(words, NULL);
	if (!parse_what(r, words->pdata[0]))
		return wrong("machine, pod, group or process", words->pdata[0]);
	if (words->pdata[1] && strcmp(words->pdata[1], "grows") != 0 && r->what != GROWTH_MACHINE) {
		r->name = g_strdup(words->pdata[1]);
		next = 2;
	}
	why = parse_growth(r, (char **)words->pdata + next);
	if (why)
		growth_rule_clear(r);
	else
		r->text = g_strdup(text);
	return why;
}

void growth_rule_clear(struct growth_rule *r)
{
	g_clear_pointer(&r->name, g_free);
	g_clear_pointer(&r->text, g_free);
}

/* "…/kubepods-burstable-pod1b2c_….slice/…", "…/kubepods/burstable/pod1b2c-…/…". */
static bool is_pod(const char *part, size_t len)
{
	for (size_t i = 0; i + 4 < len; i++)
		if ((!i || part[i - 1] == '-') && !memcmp(part + i, "pod", 3) &&
		    g_ascii_isxdigit(part[i + 3]))
			return true;
	return false;
}

char *growth_pod(const char *cgroup)
{
	for (const char *at = cgroup; at && *at;) {
		size_t len;

		at += *at == '/';
		len = strcspn(at, "/");
		if (is_pod(at, len))
			return g_strndup(cgroup, (gsize)(at + len - cgroup));
		at += len;
	}
	return NULL;
}

void growth_add(struct history *h, const GArray *processes)
{
	for (unsigned i = 0; i < processes->len; i++) {
		const struct live_row *row = &g_array_index(processes, struct live_row, i);
		g_autofree char *pod = growth_pod(row->cgroup);
		int64_t held = live_weight(row);

		history_add(h, GROWTH_ALL, GROWTH_ALL, NULL, held);
		if (row->cgroup)
			history_add(h, row->cgroup, GROWTH_ALL, NULL, held);
		if (pod)
			history_add(h, pod, GROWTH_ALL, NULL, held);
	}
}

/* Does a part of the path, or the whole of it, match? */
static bool group_matches(const char *pattern, const char *cgroup)
{
	g_auto(GStrv) parts = g_strsplit(cgroup, "/", -1);

	for (char **part = parts; *part; part++)
		if (g_pattern_match_simple(pattern, *part))
			return true;
	return g_pattern_match_simple(pattern, cgroup);
}

static bool grown(const struct growth_rule *r, const struct history *h, const char *cgroup,
		  const char *name, uint64_t now_ns, struct growth_found *found)
{
	uint64_t from = now_ns > r->ns ? now_ns - r->ns : 0;

	found->grown = history_held(h, cgroup, name, NULL, now_ns) -
		       history_held(h, cgroup, name, NULL, from);
	if (found->grown <= r->bytes)
		return false;
	found->cgroup = *cgroup ? g_strdup(cgroup) : NULL;
	found->name = *name ? g_strdup(name) : NULL;
	return true;
}

static bool row_holds(const struct growth_rule *r, const struct history *h,
		      const struct live_row *row, uint64_t now_ns, struct growth_found *found)
{
	g_autofree char *pod = r->what == GROWTH_POD ? growth_pod(row->cgroup) : NULL;
	const char *group = r->what == GROWTH_POD ? pod : row->cgroup;

	if (!group)
		return false;
	if (r->what == GROWTH_PROCESS)
		return (!r->name || g_pattern_match_simple(r->name, row->comm)) &&
		       grown(r, h, group, row->comm, now_ns, found);
	return (!r->name || group_matches(r->name, group)) &&
	       grown(r, h, group, GROWTH_ALL, now_ns, found);
}

bool growth_rule_holds(const struct growth_rule *r, const struct history *h,
		       const GArray *processes, uint64_t now_ns, struct growth_found *found)
{
	*found = (struct growth_found){ 0 };
	if (r->what == GROWTH_MACHINE)
		return grown(r, h, GROWTH_ALL, GROWTH_ALL, now_ns, found);
	for (unsigned i = 0; i < processes->len; i++)
		if (row_holds(r, h, &g_array_index(processes, struct live_row, i), now_ns, found))
			return true;
	return false;
}
