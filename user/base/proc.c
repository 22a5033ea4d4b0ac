/* SPDX-License-Identifier: GPL-2.0-only */
#include "base/proc.h"

#include <errno.h>
#include <glib.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

/* The name (field 2) may hold any characters, so the other fields begin after the last ')'. */
bool proc_stat_parse(const char *text, struct proc_stat *s)
{
	const char *after = strrchr(text, ')');

	*s = (struct proc_stat){ 0 };
	return after && sscanf(after + 1,
			       " %c %*s %*s %*s %*s %*s %u %*s %*s %*s %*s %*s %*s %*s %*s %*s"
			       " %*s %*s %*s %" SCNu64,
			       &s->state, &s->flags, &s->start) == 3;
}

int proc_stat_read(pid_t pid, struct proc_stat *s)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid), *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return -ESRCH;
	return proc_stat_parse(text, s) ? 0 : -EPROTO;
}

/* Parse a number that is followed by the character `end`; *at moves behind that. */
static bool parse_number(char **at, int base, char end, uint64_t *value)
{
	char *behind;

	*value = strtoull(*at, &behind, base);
	if (behind == *at || **at == '-' || *behind != end)
		return false;
	*at = behind + 1;
	return true;
}

bool proc_map_parse(char *line, struct proc_map *m)
{
	uint64_t major, minor;
	char *at = line, *perms;

	*m = (struct proc_map){ 0 };
	if (!parse_number(&at, 16, '-', &m->start) || !parse_number(&at, 16, ' ', &m->end) ||
	    m->start >= m->end)
		return false;
	perms = at;
	if (strnlen(at, 5) < 5 || at[4] != ' ')
		return false;
	at += 5;
	if (!parse_number(&at, 16, ' ', &m->offset) || !parse_number(&at, 16, ':', &major) ||
	    !parse_number(&at, 16, ' ', &minor))
		return false;
	m->inode = strtoull(at, &m->path, 10);
	if (m->path == at)
		return false;
	m->path += strspn(m->path, " ");
	m->path[strcspn(m->path, "\n")] = '\0';
	m->code = perms[2] == 'x';
	m->dev = proc_dev(makedev(major, minor));
	return true;
}

uint32_t proc_dev(dev_t device)
{
	return (uint32_t)major(device) << 20 | minor(device);
}

bool proc_line(FILE *f, char line[PROC_LINE])
{
	while (fgets(line, PROC_LINE, f)) {
		size_t len = strlen(line);

		if (len && line[len - 1] == '\n') {
			line[len - 1] = '\0';
			return true;
		}
		if (len < PROC_LINE - 1)
			return feof(f);
		for (int c = 0; c != '\n' && c != EOF;)
			c = getc(f);
	}
	return false;
}
