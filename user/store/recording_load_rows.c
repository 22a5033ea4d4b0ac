/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the parts of the reader of recordings: queries, numbers of rows, and references to rows
 * by number.
 */
#include <stdlib.h>

#include "store/recording_load.h"

static int ascending(gconstpointer a, gconstpointer b)
{
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;

	return x < y ? -1 : x > y;
}

sqlite3_stmt *load_query(struct loading *l, const char *table, const char *sql)
{
	l->r.sum = 0;
	return reader_query(&l->r, table, sql, 0);
}

void load_number(struct loading *l, int column, GArray *numbers)
{
	int64_t n = reader_integer(&l->r, column, 0, UINT32_MAX - 1);

	if (numbers->len >= l->limits->rows)
		reader_wrong(&l->r, column, "one of too many rows");
	else if (numbers->len && g_array_index(numbers, int64_t, numbers->len - 1) >= n)
		reader_wrong(&l->r, column, "not above the one before it");
	g_array_append_val(numbers, n);
}

uint32_t load_index(struct reader *r, int column, const GArray *numbers)
{
	int64_t n = reader_integer(r, column, 0, UINT32_MAX - 1);
	/* In most files numbers have no gaps: the index is the number. */
	uint32_t i = (uint32_t)n;
	const int64_t *at;

	if (i < numbers->len && g_array_index(numbers, int64_t, i) == n)
		return i;
	at = numbers->len ? bsearch(&n, numbers->data, numbers->len, sizeof(n), ascending) : NULL;
	if (at)
		return (uint32_t)(at - (const int64_t *)numbers->data);
	reader_wrong(r, column, "a number that no row has");
	return 0;
}

uint32_t load_index_or_none(struct reader *r, int column, const GArray *numbers)
{
	return reader_is_null(r, column) ? UINT32_MAX : load_index(r, column, numbers);
}

int64_t load_bytes_or_0(struct reader *r, int column, int64_t least)
{
	return reader_is_null(r, column) ? 0 : reader_bytes(r, column, least);
}
