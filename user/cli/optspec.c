/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/optspec.h"

#include <errno.h>
#include <getopt.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "cli/complete.h"

static void print_help(const struct optspecs *o)
{
	puts(o->usage);
	for (unsigned i = 0; i < o->n; i++) {
		const struct optspec *s = &o->specs[i];
		g_autofree char *left = g_strdup_printf("--%s%s%s", s->name, s->arg ? " " : "",
							s->arg ? s->arg : "");

		if (!(s->who & o->who))
			continue;
		if (s->id < 256)
			printf("  -%c, %-26s %s\n", s->id, left, s->help);
		else
			printf("      %-26s %s\n", left, s->help);
	}
	puts(o->more);
}

void optspec_suggest(const char *what, const char *word, const char *const *candidates)
{
	const char *near = text_nearest(word, candidates);

	log_error("unknown %s: %s", what, word);
	if (near)
		log_hint("%s", near);
}

static int unknown_option(const struct optspecs *o, const char *word)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new_with_free_func(g_free);
	g_autofree char *bare = g_strdup(word);

	if (strchr(bare, '='))
		*strchr(bare, '=') = '\0';
	for (unsigned i = 0; i < o->n; i++)
		if (o->specs[i].who & o->who)
			g_ptr_array_add(names, g_strdup_printf("--%s", o->specs[i].name));
	g_ptr_array_add(names, NULL);
	optspec_suggest("option", bare, (const char *const *)names->pdata);
	return -EINVAL;
}

/* getopt returned '?': an unknown letter, an unknown long option, or an argument for an
 * option that takes none. */
static int bad_option(const struct optspecs *o, const char *word)
{
	char letter[] = { '-', optopt, '\0' };

	if (optopt >= 256 || (optopt && strchr(word, '='))) {
		log_error("%s: this option takes no argument", word);
		return -EINVAL;
	}
	return unknown_option(o, optopt ? letter : word);
}

int optspec_bad(const char *name, const char *value, const char *want)
{
	log_error("--%s %s: not %s", name, value, want);
	return -EINVAL;
}

int optspec_size(const char *name, const char *value, uint64_t most, uint64_t *bytes)
{
	if (text_parse_size(value, bytes) || *bytes < (uint64_t)sysconf(_SC_PAGESIZE) ||
	    *bytes > most)
		return optspec_bad(name, value, "a size of a page or more (64MiB, 2G)");
	return 0;
}

int optspec_pids(const char *list, GArray **pids)
{
	g_auto(GStrv) words = g_strsplit(list, ",", -1);

	if (!*pids)
		*pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	for (char **word = words; *word; word++) {
		guint64 value;
		pid_t pid;

		if (!g_ascii_string_to_unsigned(*word, 10, 1, G_MAXINT32, &value, NULL))
			return optspec_bad("pid", list, "a list of process ids (-p 12,34)");
		pid = (pid_t)value;
		g_array_append_val(*pids, pid);
	}
	return 0;
}

/* Convert this subcommand's options for getopt_long(). */
static void make_getopt(const struct optspecs *o, struct option *longs, GString *shorts)
{
	g_string_assign(shorts, o->stop);
	g_string_append_c(shorts, ':');
	for (unsigned i = 0; i < o->n; i++) {
		const struct optspec *s = &o->specs[i];

		if (!(s->who & o->who))
			continue;
		*longs++ = (struct option){ s->name, s->arg ? required_argument : no_argument, NULL,
					    s->id };
		if (s->id < 256)
			g_string_append_printf(shorts, "%c%s", s->id, s->arg ? ":" : "");
	}
	*longs = (struct option){ 0 };
}

int optspec_parse(const struct optspecs *o, int argc, char **argv)
{
	g_autofree struct option *longs = g_new0(struct option, o->n + 1);
	g_autoptr(GString) shorts = g_string_new(NULL);
	int id, err = 0;

	if (complete_wanted()) {
		complete_options(o, argc, argv);
		return 1;
	}
	make_getopt(o, longs, shorts);
	opterr = 0;
	optind = 0; /* reset getopt: it may have stopped within a word (getopt(3)) */
	while (!err && (id = getopt_long(argc, argv, shorts->str, longs, NULL)) != -1) {
		if (id == 'h') {
			print_help(o);
			return 1;
		}
		if (id == ':') {
			log_error("%s needs an argument", argv[optind - 1]);
			err = -EINVAL;
		} else if (id == '?') {
			err = bad_option(o, argv[optind - 1]);
		} else {
			err = o->take(o->ctx, id, optarg);
		}
	}
	return err;
}
