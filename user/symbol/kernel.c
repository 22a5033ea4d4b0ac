/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/kernel.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"

/* Bytes of a function, at most. /proc/kallsyms has no sizes, and a module or a BPF program may be
 * loaded later into the gap after the last symbol. */
#define FUNCTION_MOST (64 << 10)

struct function {
	uint64_t start, end;
	char *name;
};

struct kernel {
	GArray *functions; /* struct function, by start */
};

/* While the list is read, for each address: start and name of the last symbol at or before it,
 * and start of the first symbol after it (`end`). */
struct best {
	uint64_t address, start, end;
	char *name;
};

static void function_clear(gpointer p)
{
	g_free(((struct function *)p)->name);
}

struct kernel *kernel_new(void)
{
	struct kernel *k = g_new0(struct kernel, 1);

	k->functions = g_array_new(FALSE, FALSE, sizeof(struct function));
	g_array_set_clear_func(k->functions, function_clear);
	return k;
}

void kernel_free(struct kernel *k)
{
	if (!k)
		return;
	g_array_unref(k->functions);
	g_free(k);
}

static int by_value(gconstpointer a, gconstpointer b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Functions with the same start: the longest is last, so that find_function() finds it. */
static int by_start(gconstpointer a, gconstpointer b)
{
	const struct function *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->end < y->end ? -1 : x->end > y->end;
}

static bool starts_behind(const void *functions, unsigned i, uint64_t address)
{
	return ((const struct function *)functions)[i].start > address;
}

static const struct function *find_function(const struct kernel *k, uint64_t address)
{
	const struct function *f = (const struct function *)k->functions->data;
	unsigned behind = search_first(k->functions->len, starts_behind, f, address);

	return behind && address < f[behind - 1].end ? &f[behind - 1] : NULL;
}

const char *kernel_name(const struct kernel *k, uint64_t address)
{
	const struct function *f = find_function(k, address);

	return f ? f->name : NULL;
}

static bool not_below(const void *best, unsigned i, uint64_t at)
{
	return ((const struct best *)best)[i].address >= at;
}

/* Use a symbol as a bound of its two neighbour addresses: as `end` of the address below it, and
 * as `start` of the address above it. `name` goes on to the end of its line. */
static void take_symbol(struct best *best, unsigned n, uint64_t at, const char *name)
{
	unsigned i = search_first(n, not_below, best, at);

	if (i && at < best[i - 1].end)
		best[i - 1].end = at;
	if (i == n || at <= best[i].start)
		return;
	best[i].start = at;
	g_free(best[i].name);
	best[i].name = g_strndup(name, strcspn(name, " \t\n"));
}

/* A line: "ffffffff81000000 T name" or "ffffffffc0000000 t name\t[module]". Sets `at`. Returns the
 * name and the rest of the line; NULL if it is no function. By hand: there are 120,000 lines, and
 * sscanf() would take 10 ms for them. */
static const char *parse_symbol(const char *line, uint64_t *at)
{
	int digit;

	*at = 0;
	while ((digit = g_ascii_xdigit_value(*line)) >= 0) {
		*at = *at << 4 | (uint64_t)digit;
		line++;
	}
	if (!*at || line[0] != ' ' || !line[1] || !strchr("tTwW", line[1]) || line[2] != ' ')
		return NULL;
	return !line[3] || strchr(" \t\n", line[3]) ? NULL : line + 3; /* a symbol without a name */
}

/* One pass over the file, which need not be sorted. A read() of it gives up to 4096 bytes, but
 * without a buffer of ours stdio would ask for 1024. */
static void read_symbols(const char *path, struct best *best, unsigned n)
{
	FILE *f = fopen(path, "re");
	char line[1024], buffer[4096];

	if (!f)
		return;
	setvbuf(f, buffer, _IOFBF, sizeof(buffer));
	while (fgets(line, sizeof(line), f)) {
		uint64_t at;
		const char *name = parse_symbol(line, &at);

		if (name)
			take_symbol(best, n, at, name);
	}
	fclose(f);
}

/* take_symbol() sets the bounds of the two nearest addresses only. But a symbol before an address
 * is also before all higher addresses, and one after it is also after all lower ones. */
static void spread_bounds(struct best *best, unsigned n)
{
	for (unsigned i = 1; i < n; i++)
		if (best[i].start < best[i - 1].start) {
			best[i].start = best[i - 1].start;
			g_free(best[i].name);
			best[i].name = g_strdup(best[i - 1].name);
		}
	for (unsigned i = n; i-- > 1;)
		best[i - 1].end = MIN(best[i - 1].end, best[i].end);
}

void kernel_learn(struct kernel *k, const char *path, GArray *addresses)
{
	g_autoptr(GArray) unknown = g_array_new(FALSE, FALSE, sizeof(struct best));
	struct best *best;

	g_array_sort(addresses, by_value);
	for (unsigned i = 0; i < addresses->len; i++) {
		struct best new = { g_array_index(addresses, uint64_t, i), 0, UINT64_MAX, NULL };

		if (!find_function(k, new.address))
			g_array_append_val(unknown, new);
	}
	if (!unknown->len)
		return;
	best = (struct best *)unknown->data;
	read_symbols(path, best, unknown->len);
	spread_bounds(best, unknown->len);
	for (unsigned i = 0; i < unknown->len; i++) {
		uint64_t reach = MAX(best[i].start + FUNCTION_MOST, best[i].address + 1);
		struct function f = { best[i].start, MIN(best[i].end, reach), best[i].name };

		if (f.name)
			g_array_append_val(k->functions, f);
	}
	g_array_sort(k->functions, by_start);
}
