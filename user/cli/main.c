/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare: the table of subcommands; checks stdout after each.
 */
#include <errno.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/cmd.h"
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
};

/* Bytes; malloc's thresholds. Large reports are built and freed each second, and their memory
 * must return to the kernel. glibc's default thresholds grow with each large free, so glibc
 * would keep more and more. */
#define KEPT_MOST (256 << 10)

#define COMMANDS (sizeof(commands) / sizeof(commands[0]))

static int print_help(void)
{
	puts("tare measures the memory of a running program in the kernel: which thread took it,\n"
	     "why (page fault or system call) and where in the code. Its sums equal the kernel's\n"
	     "own counters, to the page.\n\n"
	     "Usage: tare COMMAND [OPTION]...\n");
	for (unsigned i = 0; i < COMMANDS; i++)
		printf("  %-8s %s\n", commands[i].name, commands[i].help);
	puts("\nOptions: tare COMMAND --help. Manual: man tare.\n"
	     "Start with: sudo tare run -- python3 -c 'x = list(range(10**6))'");
	return 0;
}

static const struct command *find_command(const char *name)
{
	for (unsigned i = 0; i < COMMANDS; i++)
		if (!strcmp(commands[i].name, name))
			return &commands[i];
	return NULL;
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
		puts("tare " TARE_VERSION);
		return 0;
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
	command = find_command(argv[1]);
	return command ? command->run(argc - 1, argv + 1) : unknown_command(argv[1]);
}

int main(int argc, char **argv)
{
	int status;

	setlocale(LC_CTYPE, "");
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
