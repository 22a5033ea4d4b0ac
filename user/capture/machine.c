/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/machine.h"

#include <stdlib.h>
#include <string.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>
#include <unistd.h>

/* VALUE of the line "NAME<sep>VALUE" in a file, without quotes; NULL: no such line. */
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

/* arm64 shows numbers for the CPU's maker and model. These are names of common ones; for others the
 * numbers are shown (lscpu has a longer list). */
static char *arm_cpu(void)
{
	static const struct {
		unsigned long implementer, part;
		const char *name;
	} known[] = {
		{ 0x41, 0xd03, "Cortex-A53" },  { 0x41, 0xd05, "Cortex-A55" },
		{ 0x41, 0xd07, "Cortex-A57" },  { 0x41, 0xd08, "Cortex-A72" },
		{ 0x41, 0xd0b, "Cortex-A76" },  { 0x41, 0xd0c, "Neoverse-N1" },
		{ 0x41, 0xd40, "Neoverse-V1" }, { 0x41, 0xd49, "Neoverse-N2" },
		{ 0x41, 0xd4f, "Neoverse-V2" }, { 0xc0, 0xac3, "Ampere-1" },
		{ 0xc0, 0xac4, "Ampere-1a" },
	};
	g_autofree char *implementer = value_of("/proc/cpuinfo", "CPU implementer", ':');
	g_autofree char *part = value_of("/proc/cpuinfo", "CPU part", ':');

	if (!implementer || !part)
		return NULL;
	for (size_t i = 0; i < G_N_ELEMENTS(known); i++)
		if (strtoul(implementer, NULL, 0) == known[i].implementer &&
		    strtoul(part, NULL, 0) == known[i].part)
			return g_strdup(known[i].name);
	return g_strdup_printf("CPU part %s of implementer %s", part, implementer);
}

/* The CPU's name; each architecture has another line for it in /proc/cpuinfo. */
static char *cpu_model(void)
{
	static const char *const lines[] = { "model name", "uarch" };
	char *model = NULL;

	for (size_t i = 0; i < G_N_ELEMENTS(lines) && !model; i++)
		model = value_of("/proc/cpuinfo", lines[i], ':');
	return model ? model : arm_cpu();
}

void machine_describe(struct report_machine *m)
{
	struct sysinfo info = { 0 };
	struct utsname name;

	sysinfo(&info);
	if (!uname(&name) && *name.nodename)
		m->host = g_strdup(name.nodename);
	m->distribution = value_of("/etc/os-release", "PRETTY_NAME", '=');
	m->cpu = cpu_model();
	m->cpus = get_nprocs();
	m->memory = (int64_t)info.totalram * info.mem_unit;
	m->page_size = sysconf(_SC_PAGESIZE);
}
