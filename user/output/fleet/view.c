/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/fleet/view.h"

#include <string.h>

#include "base/text.h"
#include "model/functions.h"

const char *const fleet_part_name[FLEET_WEIGHT + 1] = { "user", "kernel", "weight" };
const char *const fleet_sort_name[FLEET_SORTS] = { "total", "processes", "functions" };
const char *const fleet_meaning[SAMPLE_TYPES] = { "grown", "held at the peak", "held at the end" };

struct counted {
	const char *name;
	unsigned n;
};

static int by_number(gconstpointer a, gconstpointer b)
{
	const struct counted *x = a, *y = b;

	return x->n == y->n ? strcmp(x->name, y->name) : x->n < y->n ? 1 : -1;
}

char *fleet_services(const struct fleet *f, unsigned *n)
{
	g_autoptr(GArray) names = g_array_new(FALSE, FALSE, sizeof(struct counted));
	g_autoptr(GHashTable) at = g_hash_table_new(g_str_hash, g_str_equal);
	GString *text = g_string_new(NULL);

	for (unsigned i = 0; i < f->sources->len; i++) {
		const struct fleet_source *s = f->sources->pdata[i];
		struct counted new = { s->service, 0 };
		unsigned number = GPOINTER_TO_UINT(g_hash_table_lookup(at, s->service));

		if (!number) {
			g_array_append_val(names, new);
			number = names->len;
			g_hash_table_insert(at, s->service, GUINT_TO_POINTER(number));
		}
		g_array_index(names, struct counted, number - 1).n++;
	}
	g_array_sort(names, by_number);
	for (unsigned i = 0; i < MIN(names->len, 4); i++) {
		const struct counted *c = &g_array_index(names, struct counted, i);
		g_autofree char *name = text_printable(*c->name ? c->name : "(no command)");
		g_autofree char *cut = text_fit(name, 40);

		g_string_append_printf(text, "%s%u × %s", i ? ", " : "", c->n, cut);
	}
	if (names->len > 4)
		g_string_append_printf(text, ", %u others", names->len - 4);
	*n = names->len;
	return g_string_free(text, FALSE);
}

unsigned fleet_hosts(const struct fleet *f)
{
	g_autoptr(GHashTable) hosts = g_hash_table_new(g_str_hash, g_str_equal);
	unsigned nameless = 0;

	for (unsigned i = 0; i < f->sources->len; i++) {
		const struct fleet_source *s = f->sources->pdata[i];

		if (s->host)
			g_hash_table_add(hosts, s->host);
		else
			nameless++;
	}
	return g_hash_table_size(hosts) + nameless;
}

const char *fleet_label(const struct fleet *f, uint32_t source)
{
	return source == FLEET_NONE ? NULL :
				      ((struct fleet_source *)f->sources->pdata[source])->label;
}

const char *fleet_counted(const struct fleet *f, enum fleet_sort sort)
{
	return fleet_whole(f, sort) ? "user and kernel memory" : "user memory";
}

static void add(GPtrArray *doubts, const char *text)
{
	g_ptr_array_add(doubts, g_strdup(text));
}

static void add_part(GPtrArray *doubts, unsigned known, unsigned all, const char *what,
		     const char *why)
{
	g_autofree char *safe = text_printable(why); /* callers cut it, which needs UTF-8 */
	g_autofree char *text = g_strdup_printf("%s is measured in %u of %u recordings%s%s", what,
						known, all, why ? ": " : "", safe);

	if (known < all)
		add(doubts, text);
}

/* What was not measured, and in how many recordings. */
static void add_unmeasured(GPtrArray *doubts, const struct fleet *f)
{
	const char *why = NULL;
	unsigned all = f->sources->len;

	for (unsigned i = 0; i < all && !why; i++)
		why = ((struct fleet_source *)f->sources->pdata[i])->why_no_kernel;
	add_part(doubts, fleet_measured(f, FLEET_PROCESSES, FLEET_USER), all, "user memory", NULL);
	add_part(doubts, fleet_measured(f, FLEET_PROCESSES, FLEET_KERNEL), all,
		 "kernel memory by process", why);
	add_part(doubts, fleet_measured(f, FLEET_FUNCTIONS, FLEET_USER), all,
		 "where it grew (samples)", NULL);
}

GPtrArray *fleet_doubts(const struct fleet *f, unsigned skipped)
{
	GPtrArray *doubts = g_ptr_array_new_with_free_func(g_free);
	unsigned off = 0, unchecked = 0, lost = 0, smaller = 0, services, n = f->sources->len;
	g_autofree char *names = fleet_services(f, &services);

	for (unsigned i = 0; i < n; i++) {
		const struct fleet_source *s = f->sources->pdata[i];

		off += s->sums_valid && !s->balanced;
		unchecked += !s->sums_valid;
		lost += s->lost != 0;
		smaller += s->smaller[FLEET_PROCESSES] || s->smaller[FLEET_FUNCTIONS];
	}
	const struct {
		unsigned n;
		const char *what;
	} each[] = {
		{ off, "have books that do not balance" },
		{ unchecked, "have books that were not checked" },
		{ lost, "have losses" },
		{ smaller, "have more names than are kept: the smaller are one row" },
	};

	if (skipped) {
		g_autofree char *text = g_strdup_printf("%u not read: in no figure", skipped);

		add(doubts, text);
	}
	if (services > 1)
		add(doubts, "several programs: their figures may have little in common");
	add_unmeasured(doubts, f);
	for (unsigned i = 0; i < G_N_ELEMENTS(each); i++) {
		g_autofree char *text = g_strdup_printf("%u %s", each[i].n, each[i].what);

		if (each[i].n)
			add(doubts, text);
	}
	return doubts;
}
