/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/complete.h"

#include <glib.h>
#include <pwd.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"

struct complete {
	const char *typed; /* the word before the cursor, without `kept` */
	char *kept;        /* its part that stays: "--format=", "who," */
	bool any;          /* a word was printed */
};

static bool wanted;

void complete_begin(void)
{
	wanted = true;
}

bool complete_wanted(void)
{
	return wanted;
}

static bool is_plain(const char *word)
{
	for (; *word; word++)
		if (!g_ascii_isalnum(*word) && !strchr("_-+./@%", *word))
			return false;
	return true;
}

void complete_word(struct complete *c, const char *word, const char *about)
{
	g_autofree char *said = g_strdup(about ? about : ""), *printable = NULL;

	if (!*word || !is_plain(word) || !g_str_has_prefix(word, c->typed))
		return;
	for (char *s = said; *s; s++)
		if (g_ascii_iscntrl(*s))
			*s = ' ';
	printable = text_printable(said); /* names of processes: shells print them as they are */
	printf("%s%s\t%s\n", c->kept ? c->kept : "", word, printable);
	c->any = true;
}

void complete_words(struct complete *c, const char *const *words)
{
	for (; *words; words++)
		complete_word(c, *words, NULL);
}

struct complete *complete_typed(const char *typed)
{
	static struct complete c;

	c = (struct complete){ .typed = typed };
	return &c;
}

/* "-p" and "--pid" of each option. The description is that of --help. */
static void put_options(struct complete *c, const struct optspecs *o)
{
	for (unsigned i = 0; i < o->n; i++) {
		const struct optspec *s = &o->specs[i];
		g_autofree char *word = g_strconcat("--", s->name, NULL);

		if (s->who & o->who)
			complete_word(c, word, s->help);
	}
}

/* What processes are called: as values of --pid (by number), or of --comm. */
static void put_processes(struct complete *c, bool by_number)
{
	g_autoptr(GDir) proc = g_dir_open("/proc", 0, NULL);
	g_autoptr(GHashTable) seen = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	const char *pid;

	while (proc && (pid = g_dir_read_name(proc))) {
		g_autofree char *path = g_strdup_printf("/proc/%s/comm", pid);
		g_autofree char *comm = NULL;

		if (!g_ascii_isdigit(*pid) || !g_file_get_contents(path, &comm, NULL, NULL))
			continue;
		g_strchomp(comm);
		if (by_number)
			complete_word(c, pid, comm);
		else if (g_hash_table_add(seen, g_strdup(comm)))
			complete_word(c, comm, NULL);
	}
}

static void put_users(struct complete *c)
{
	FILE *file = fopen("/etc/passwd", "re");
	struct passwd *user;

	while (file && (user = fgetpwent(file)))
		complete_word(c, user->pw_name, user->pw_gecos);
	if (file)
		fclose(file);
}

/* Values that a name of an option, or of its argument, says enough of. */
static void put_known(struct complete *c, const struct optspec *s)
{
	if (!strcmp(s->name, "pid"))
		put_processes(c, true);
	else if (!strcmp(s->name, "comm"))
		put_processes(c, false);
	else if (!strcmp(s->name, "user"))
		put_users(c);
	else if (!strcmp(s->arg, "FILE"))
		puts(":file");
	else if (!strcmp(s->arg, "DIR") || !strcmp(s->arg, "PATH"))
		puts(":dir");
	else if (strchr(s->arg, '|')) {
		g_auto(GStrv) words = g_strsplit(s->arg, "|", -1);

		for (char **word = words; *word; word++)
			if (g_ascii_islower(**word))
				complete_word(c, *word, NULL);
	}
}

/* The value of option `s`. In a list only what follows the last comma is completed. */
static void put_values(struct complete *c, const struct optspecs *o, const struct optspec *s)
{
	bool list = strstr(s->arg, "...") || !strcmp(s->arg, "LIST");
	const char *comma = list ? strrchr(c->typed, ',') : NULL;

	if (comma) {
		g_autofree char *before = c->kept;
		g_autofree char *part = g_strndup(c->typed, (gsize)(comma + 1 - c->typed));

		c->kept = g_strconcat(before ? before : "", part, NULL);
		c->typed = comma + 1;
	}
	if (!o->values || !o->values(c, s))
		put_known(c, s);
}

static const struct optspec *named(const struct optspecs *o, const char *name, size_t len)
{
	for (unsigned i = 0; i < o->n; i++) {
		const struct optspec *s = &o->specs[i];

		if ((s->who & o->who) && strlen(s->name) == len && !strncmp(s->name, name, len))
			return s;
	}
	return NULL;
}

static const struct optspec *lettered(const struct optspecs *o, char letter)
{
	for (unsigned i = 0; i < o->n; i++)
		if ((o->specs[i].who & o->who) && o->specs[i].id == letter)
			return &o->specs[i];
	return NULL;
}

/* The option whose value is the next word; NULL: none. -bp 12: the last letter's. */
static const struct optspec *wants_value(const struct optspecs *o, const char *word)
{
	const struct optspec *s = NULL;

	if (word[0] != '-' || !word[1] || strchr(word, '='))
		return NULL;
	if (word[1] == '-') {
		s = named(o, word + 2, strlen(word + 2));
		return s && s->arg ? s : NULL;
	}
	for (word++; *word; word++) {
		s = lettered(o, *word);
		if (!s || s->arg)
			break;
	}
	return s && s->arg && !word[1] ? s : NULL;
}

/* An argument of the subcommand: its own words, a command that begins at word `at`, or files.
 * Options where there is nothing else. */
static void put_arguments(struct complete *c, const struct optspecs *o, int at, bool options)
{
	bool command = strchr(o->stop, '+'), known = o->values && o->values(c, NULL);

	if (!known && command && (c->typed[0] || !options))
		printf(":command %d\n", at);
	else if (!known && !command)
		puts(":file");
	else if (!c->any && options && !c->typed[0])
		put_options(c, o);
}

static void put_last(struct complete *c, const struct optspecs *o, int at)
{
	const char *equals = strchr(c->typed, '=');
	const struct optspec *s;

	if (g_str_has_prefix(c->typed, "--") && equals) {
		s = named(o, c->typed + 2, (size_t)(equals - c->typed - 2));
		c->kept = g_strndup(c->typed, (gsize)(equals + 1 - c->typed));
		c->typed = equals + 1;
		if (s && s->arg)
			put_values(c, o, s);
	} else if (c->typed[0] == '-') {
		put_options(c, o);
	} else {
		put_arguments(c, o, at, true);
	}
}

/* argv[0] is the subcommand: word 1 of the line. */
void complete_options(const struct optspecs *o, int argc, char **argv)
{
	const struct optspec *value = NULL;
	struct complete c = { .typed = argc > 1 ? argv[argc - 1] : "" };
	bool command = strchr(o->stop, '+'), only_arguments = false;
	int i;

	for (i = 1; i < argc - 1; i++) {
		if (value) {
			value = NULL;
		} else if (!strcmp(argv[i], "--")) {
			only_arguments = true;
			i++;
			break;
		} else if (argv[i][0] != '-' && command) {
			only_arguments = true;
			break;
		} else {
			value = wants_value(o, argv[i]);
		}
	}
	if (argc < 2)
		return;
	if (value)
		put_values(&c, o, value);
	else if (only_arguments)
		put_arguments(&c, o, i + 1, false);
	else
		put_last(&c, o, i + 1);
	g_free(c.kept);
}
