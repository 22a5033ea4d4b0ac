/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/machine.h"

#include <string.h>
#include <sys/sysinfo.h>
#include <unistd.h>

/* The value of a line "NAME<sep>VALUE" of a file, quotes taken off; NULL: none. */
static char *value_of(const char *path, const char *name, char sep)
{
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	lines = g_strsplit(text, "\n", -1);
	for (char **line = lines; *line; line++) {
		char *at = strchr(*line, sep);

		if (!at || strncmp(*line, name, strlen(name)))
			continue;
		g_strstrip(++at);
		if (*at == '"' && at[strlen(at) - 1] == '"') {
			at[strlen(at) - 1] = '\0';
			at++;
		}
		return g_strdup(at);
	}
	return NULL;
}

void machine_describe(struct report_machine *m)
{
	struct sysinfo info = { 0 };

	sysinfo(&info);
	m->distribution = value_of("/etc/os-release", "PRETTY_NAME", '=');
	m->cpu = value_of("/proc/cpuinfo", "model name", ':');
	m->cpus = get_nprocs();
	m->memory = (int64_t)info.totalram * info.mem_unit;
	m->page_size = sysconf(_SC_PAGESIZE);
}
