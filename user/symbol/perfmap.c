/* SPDX-License-Identifier: GPL-2.0-only */
#include "symbol/perfmap.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/search.h"

#define BYTES_MOST (64 << 20)
#define NAME_MOST 1024

struct code {
	uint64_t start, end;
	uint32_t line; /* later ones are newer */
	uint32_t name; /* offset in the text */
};

struct perfmap {
	char *text;
	GArray *codes; /* by start; not overlapping */
};

static int by_start(gconstpointer a, gconstpointer b)
{
	const struct code *x = a, *y = b;

	if (x->start != y->start)
		return x->start < y->start ? -1 : 1;
	return x->line < y->line ? -1 : x->line > y->line;
}

static char *read_whole(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	struct stat st;
	char *text = NULL;
	size_t have = 0;
	ssize_t n;

	if (fd < 0)
		return NULL;
	if (!fstat(fd, &st) && S_ISREG(st.st_mode)) {
		size_t size = MIN(st.st_size, BYTES_MOST);

		text = g_malloc(size + 1);
		while (have < size && (n = read(fd, text + have, size - have)) > 0)
			have += n;
		text[have] = '\0';
	}
	close(fd);
	return text;
}

static void parse(struct perfmap *m)
{
	char *at = m->text, *next;
	uint32_t line = 0;

	for (; *at; at = next, line++) {
		size_t len = strcspn(at, "\n");
		struct code c = { .line = line };
		uint64_t size;
		char *end;

		next = at + len + (at[len] == '\n');
		at[len] = '\0';
		c.start = strtoull(at, &end, 16);
		size = end > at && *end == ' ' ? strtoull(end + 1, &end, 16) : 0;
		if (!size || *end != ' ' || !end[1] || c.start + size < c.start)
			continue;
		if (strlen(end + 1) > NAME_MOST)
			end[1 + NAME_MOST] = '\0';
		c.end = c.start + size;
		c.name = end + 1 - m->text;
		g_array_append_val(m->codes, c);
	}
	g_array_sort(m->codes, by_start);
}

struct perfmap *perfmap_read(const char *path)
{
	char *text = read_whole(path);
	struct perfmap *m;

	if (!text)
		return NULL;
	m = g_new0(struct perfmap, 1);
	m->text = text;
	m->codes = g_array_new(FALSE, FALSE, sizeof(struct code));
	parse(m);
	return m;
}

struct perfmap *perfmap_of(pid_t pid)
{
	g_autofree char *there = g_strdup_printf("/proc/%d/root/tmp/perf-%d.map", pid, pid);
	g_autofree char *here = g_strdup_printf("/tmp/perf-%d.map", pid);

	return perfmap_read(there) ?: perfmap_read(here);
}

void perfmap_free(gpointer p)
{
	struct perfmap *m = p;

	if (!m)
		return;
	g_array_unref(m->codes);
	g_free(m->text);
	g_free(m);
}

static bool code_behind(const void *codes, unsigned i, uint64_t address)
{
	return ((const struct code *)codes)[i].start > address;
}

const char *perfmap_find(const struct perfmap *m, uint64_t address)
{
	const struct code *c = (const struct code *)m->codes->data, *newest = NULL;
	unsigned low = search_first(m->codes->len, code_behind, c, address);

	/* Code is thrown away and its place used again: the newest that covers it. */
	for (unsigned tries = 0; low-- > 0 && tries < 64; tries++)
		if (address < c[low].end && (!newest || c[low].line > newest->line))
			newest = &c[low];
	return newest ? m->text + newest->name : NULL;
}
