/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare: the table of subcommands; checks stdout after each.
 */
#include <errno.h>
#include <glib.h>
#include <gnu/libc-version.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/log.h"
#include "base/static_libc.h"
#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/optspec.h"
#include "version.h"

static const struct command {
	const char *name;
	int (*run)(int argc, char **argv);
	const char *help;
} commands[] = {
	{ "run", cmd_run, "run a command and report on its memory" },
	{ "attach", cmd_attach, "report on the memory of running processes" },
	{ "top", cmd_top, "show memory growth as it happens" },
	{ "agent", cmd_agent, "follow a machine for months: metrics, profiles, a black box" },
	{ "bench", cmd_bench, "measure bytes per concurrent task, for runtimes or a command" },
	{ "doctor", cmd_doctor, "check whether tare works here, and what is missing" },
	{ "report", cmd_report, "show the report of a recording" },
	{ "diff", cmd_diff, "compare two recordings: who grew more, and where" },
	{ "export", cmd_export, "convert a recording: flame graphs, pprof, HTML, CSV" },
	{ "completion", cmd_completion, "print completion for bash, zsh or fish" },
};

/* Bytes; malloc's thresholds. Large reports are built and freed each second, and their memory
 * must return to the kernel. glibc's default thresholds grow with each large free, so glibc
 * would keep more and more. */
#define KEPT_MOST (256 << 10)

#define LINE 69 /* columns for the libraries, beside the label */
#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
	puts("tare measures the memory of a running program in the kernel: which thread took it,\n"
	     "why (page fault or system call) and where in the code. Its sums equal the kernel's\n"
	     "own counters, to the page.\n\n"
	     "Usage: tare COMMAND [OPTION]...\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("  %-10s %s\n", commands[i].name, commands[i].help);
	puts("\nOptions: tare COMMAND --help. Manual: man tare.\n"
	     "Start with: sudo tare run -- python3 -c 'x = list(range(10**6))'");
	return 0;
}

/* What someone who reports an error should send along. The libraries' versions are those that tare
 * was built with. */
static int print_version(void)
{
	static const char *const libraries[] = {
#include "libraries.h"
	};
	struct utsname machine = { 0 };
	int column = 0;

	uname(&machine);
	printf("tare " TARE_VERSION "\n"
	       "built:     for " TARE_TRIPLE ", %s, by gcc " __VERSION__ "\n"
	       "running:   on Linux %s, %s, glibc %s\n"
	       "libraries:",
	       IS_STATIC ? "static" : "dynamic", machine.release, machine.machine,
	       gnu_get_libc_version());
	for (unsigned i = 0; i < G_N_ELEMENTS(libraries); i++) {
		column += (int)strlen(libraries[i]) + 2;
		if (column > LINE) {
			printf("\n%10s", "");
			column = (int)strlen(libraries[i]) + 2;
		}
		printf(" %s%s", libraries[i], i + 1 < G_N_ELEMENTS(libraries) ? "," : "\n");
	}
	return 0;
}

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
}

/* Called by the shells' completion (completion/tare.bash …) with the line up to the cursor: prints
 * what its last word can become. */
static int complete_line(int argc, char **line)
{
	const struct command *command;
	struct complete *c;

	if (argc > 2 && strcmp(line[1], "help")) {
		command = find_command(line[1]);
		complete_begin();
		return command ? command->run(argc - 1, line + 1) : 0;
	}
	if (argc < 2 || argc > 3)
		return 0;
	c = complete_typed(line[argc - 1]);
	for (unsigned i = 0; i < COMMANDS; i++)
		complete_word(c, commands[i].name, commands[i].help);
	if (argc == 2) {
		complete_word(c, "help", "show the help of a command");
		complete_word(c, "--version", NULL);
		complete_word(c, "--help", NULL);
	}
	return 0;
}

static int unknown_command(const char *name)
{
	const char *names[COMMANDS + 2] = { "help" };
	const char *const options[] = { "--help", "--version", NULL };

	if (*name == '-') {
		optspec_suggest("option", name, options);
		log_hint("tare help");
		return EXIT_USAGE;
	}
	for (unsigned i = 0; i < COMMANDS; i++)
		names[i + 1] = commands[i].name;
	optspec_suggest("command", name, names);
	log_hint("tare help");
	return EXIT_USAGE;
}

static int run_command(int argc, char **argv)
{
	const struct command *command;
	char *help[] = { NULL, "--help", NULL };

	if (argc < 2) {
		print_help();
		return EXIT_USAGE;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		return print_version();
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
		return print_help();
	if (!strcmp(argv[1], "help")) {
		if (argc < 3)
			return print_help();
		command = find_command(argv[2]);
		help[0] = argv[2];
		return command ? command->run(2, help) : unknown_command(argv[2]);
	}
	if (!strcmp(argv[1], "completion") && argc > 2 && !strcmp(argv[2], "words"))
		return complete_line(argc - 3, argv + 3);
	command = find_command(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	static_libc_locale();
	mallopt(M_MMAP_THRESHOLD, KEPT_MOST);
	mallopt(M_TRIM_THRESHOLD, 2 * KEPT_MOST);
	status = run_command(argc, argv);
	/* A report that did not reach stdout is a failure. */
	if (fflush(stdout) || ferror(stdout)) {
		log_error("cannot write to stdout: %s", strerror(errno));
		return status ? status : EXIT_FAILED;
	}
	return status;
}
