/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/perfmap.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define CHUNK (64 << 10) /* bytes to read at once; a longer line is skipped */
#define CODES_MOST (1u << 20)
#define NAME_MOST 1024
#define TAIL 64 /* bytes before the read position; if they changed, the file was rewritten */

struct code {
	uint64_t start; /* key of the tree, so it must be the first field */
	uint64_t end;
	const char *name;
};

struct perfmap {
	GTree *codes; /* struct code by start; not overlapping */
	GStringChunk *names;
	uint64_t dropped;
	uint64_t at;     /* read position in the file */
	char tail[TAIL]; /* the bytes before it */
	size_t tail_size;
	bool in_long; /* the read position is within a line that is too long */
};

static int by_address(gconstpointer a, gconstpointer b, gpointer unused)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	(void)unused;
	return x < y ? -1 : x > y;
}

struct perfmap *perfmap_new(void)
{
	struct perfmap *m = g_new0(struct perfmap, 1);

	m->codes = g_tree_new_full(by_address, NULL, NULL, g_free);
	m->names = g_string_chunk_new(4096);
	return m;
}

void perfmap_free(struct perfmap *m)
{
	if (!m)
		return;
	g_tree_unref(m->codes);
	g_string_chunk_free(m->names);
	g_free(m);
}

static void put_name(struct perfmap *m, uint64_t start, uint64_t end, const char *name)
{
	struct code c = { start, end, name }, *kept = g_memdup2(&c, sizeof(c));

	g_tree_insert(m->codes, kept, kept);
}

/* The code that starts last at or before an address. */
static struct code *code_before(const struct perfmap *m, uint64_t address)
{
	GTreeNode *node = g_tree_upper_bound(m->codes, &address);

	node = node ? g_tree_node_previous(node) : g_tree_node_last(m->codes);
	return node ? g_tree_node_value(node) : NULL;
}

/* A JIT reuses the memory of code that it discards: remove old code from [start, end), and cut
 * code that overlaps it. */
static void make_room(struct perfmap *m, uint64_t start, uint64_t end)
{
	struct code *c = code_before(m, start);
	GTreeNode *node;

	if (c && c->start < start && c->end > start) {
		if (c->end > end)
			put_name(m, end, c->end, c->name);
		c->end = start;
	}
	while ((node = g_tree_lower_bound(m->codes, &start))) {
		struct code old = *(struct code *)g_tree_node_value(node);

		if (old.start >= end)
			break;
		g_tree_remove(m->codes, &old.start);
		if (old.end > end)
			put_name(m, end, old.end, old.name);
	}
}

static void take_line(struct perfmap *m, char *line)
{
	char *end, *name;
	uint64_t start = strtoull(line, &end, 16), size;

	if (end == line || *end != ' ')
		return;
	size = strtoull(end + 1, &end, 16);
	if (!size || *end != ' ' || !end[1] || start + size < start)
		return;
	name = end + 1;
	if (g_tree_nnodes(m->codes) >= (int)CODES_MOST) {
		m->dropped++;
		return;
	}
	if (strlen(name) > NAME_MOST)
		name[NAME_MOST] = '\0';
	make_room(m, start, start + size);
	put_name(m, start, start + size, g_string_chunk_insert(m->names, name));
}

/* Parse the lines of a chunk. Returns the number of bytes that need not be read again. */
static size_t take_chunk(struct perfmap *m, char *text, size_t size, bool last)
{
	size_t done = 0;

	while (done < size) {
		char *line = text + done, *end = memchr(line, '\n', size - done);

		if (!end && !last && size - done < CHUNK)
			break;
		if (end)
			*end = '\0';
		else
			text[size] = '\0';
		if (!m->in_long && (end || last))
			take_line(m, line);
		m->in_long = !end && !last;
		done = end ? (size_t)(end - text) + 1 : size;
	}
	return done;
}

static bool still_the_same(const struct perfmap *m, int fd)
{
	char now[TAIL];

	return pread(fd, now, m->tail_size, (off_t)(m->at - m->tail_size)) ==
		       (ssize_t)m->tail_size &&
	       !memcmp(now, m->tail, m->tail_size);
}

static void remember_tail(struct perfmap *m, int fd)
{
	ssize_t n;

	m->tail_size = MIN(m->at, TAIL);
	n = pread(fd, m->tail, m->tail_size, (off_t)(m->at - m->tail_size));
	if (n != (ssize_t)m->tail_size) /* the file was truncated: read it from its start */
		m->tail_size = m->at = 0;
}

uint64_t perfmap_update(struct perfmap *m, int fd, uint64_t most, bool last)
{
	g_autofree char *text = NULL;
	uint64_t total = 0;
	struct stat st;
	ssize_t n;

	if (fstat(fd, &st))
		return 0;
	if (!still_the_same(m, fd)) {
		m->at = m->tail_size = 0;
		m->in_long = false;
	}
	if ((uint64_t)st.st_size <= m->at)
		return 0;
	text = g_malloc(CHUNK + 1);
	while (total < most && (n = pread(fd, text, CHUNK, (off_t)m->at)) > 0) {
		size_t done = take_chunk(m, text, n, last && n < CHUNK);

		m->at += done;
		total += done;
		if (!done || n < CHUNK)
			break;
	}
	remember_tail(m, fd);
	if (total >= most)
		m->dropped++;
	return total;
}

const char *perfmap_find(const struct perfmap *m, uint64_t address, uint64_t *start)
{
	const struct code *c = code_before(m, address);

	if (!c || address >= c->end)
		return NULL;
	*start = c->start;
	return c->name;
}

uint64_t perfmap_dropped(const struct perfmap *m)
{
	return m->dropped;
}
