/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/search.h"

static bool not_below(const void *addresses, unsigned i, uint64_t at)
{
	return ((const uint64_t *)addresses)[i] >= at;
}

/* One pass over the file, which need not be sorted: each symbol is the best so far
 * for the first address behind it; those that follow inherit it at the end. */
GPtrArray *kernel_names(const char *path, const uint64_t *addresses, unsigned n)
{
	GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
	g_autofree uint64_t *best = g_new0(uint64_t, n + 1);
	FILE *f = n ? fopen(path, "re") : NULL;
	char line[1024], name[512], type;

	g_ptr_array_set_size(names, n);
	while (f && fgets(line, sizeof(line), f)) {
		char *end;
		uint64_t at = strtoull(line, &end, 16);
		unsigned i;

		if (!at || sscanf(end, " %c %511s", &type, name) != 2 || !strchr("tTwW", type))
			continue;
		i = search_first(n, not_below, addresses, at);
		if (i == n || at <= best[i])
			continue;
		best[i] = at;
		g_free(names->pdata[i]);
		names->pdata[i] = g_strdup(name);
	}
	if (f)
		fclose(f);
	for (unsigned i = 1; i < n; i++)
		if (best[i] < best[i - 1]) {
			best[i] = best[i - 1];
			g_free(names->pdata[i]);
			names->pdata[i] = g_strdup(names->pdata[i - 1]);
		}
	return names;
}
