/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare completion: prints the script that makes a shell complete command lines of tare. The scripts
 * know no option: they call `tare completion words`, which main.c answers.
 */
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "cli/cmd.h"
#include "cli/complete.h"
#include "cli/optspec.h"

extern const char tare_bash[], tare_zsh[], tare_fish[];

static const struct {
	const char *shell, *script;
} scripts[] = {
	{ "bash", tare_bash },
	{ "zsh", tare_zsh },
	{ "fish", tare_fish },
};

static const struct optspec specs[] = {
	{ "help", 'h', NULL, 1, "show this help" },
};

static const char usage[] =
	"Usage: tare completion bash|zsh|fish\n\n"
	"Print the script that completes tare's command lines in this shell.\n"
	"`make install` and the packages put it where the shell finds it; else:\n\n"
	"  bash:  . <(tare completion bash)\n"
	"  zsh:   . <(tare completion zsh)     after compinit\n"
	"  fish:  tare completion fish | source\n";

static int take_option(void *ctx, int id, const char *value)
{
	(void)ctx;
	(void)id;
	(void)value;
	return 0;
}

static bool values(struct complete *c, const struct optspec *s)
{
	(void)s;
	for (unsigned i = 0; i < G_N_ELEMENTS(scripts); i++)
		complete_word(c, scripts[i].shell, NULL);
	return true;
}

int cmd_completion(int argc, char **argv)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = 1,
		.usage = usage,
		.more = "\nMore: man tare",
		.stop = "",
		.take = take_option,
		.values = values,
	};
	int err = optspec_parse(&all, argc, argv);

	if (err > 0)
		return 0;
	for (unsigned i = 0; !err && argc == optind + 1 && i < G_N_ELEMENTS(scripts); i++)
		if (!strcmp(argv[optind], scripts[i].shell)) {
			fputs(scripts[i].script, stdout);
			return 0;
		}
	if (!err)
		log_error("which shell? bash, zsh or fish");
	log_hint("tare completion --help");
	return EXIT_USAGE;
}
