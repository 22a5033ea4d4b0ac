/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/config.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agent/blackbox.h"
#include "agent/listen.h"
#include "base/log.h"
#include "base/owner.h"
#include "base/regular.h"
#include "base/text.h"

#define FILE_MOST (256 << 10) /* bytes */
#define TOKEN_LEAST 16
#define TOKEN_MOST 1024
#define LISTEN_DEFAULT "127.0.0.1:9464"
#define GROUPS_DEFAULT 200
#define NAMES_DEFAULT 20
#define MEMORY_DEFAULT (128ULL << 20)
#define MEMORY_LEAST (32ULL << 20)
#define PERIOD_DEFAULT (1ULL << 20)
#define PERIOD_MOST (1ULL << 30)
#define CONNECTIONS_DEFAULT 64

static char *take_number(const char *value, unsigned least, unsigned most, unsigned *n)
{
	guint64 number;

	if (!g_ascii_string_to_unsigned(value, 10, least, most, &number, NULL))
		return g_strdup_printf("a number from %u to %u", least, most);
	*n = (unsigned)number;
	return NULL;
}

static char *take_shown(const char *value, bool *shown)
{
	*shown = !strcmp(value, "shown");
	return *shown || !strcmp(value, "hidden") ? NULL : g_strdup("hidden or shown");
}

static char *take_path(const char *value, char **path)
{
	if (*value != '/')
		return g_strdup("a path from the root");
	g_free(*path);
	*path = g_strdup(value);
	return NULL;
}

static char *take_listen(struct agent_config *c, const char *value)
{
	struct listen_address a;

	if (listen_parse(&a, value))
		return g_strdup("ADDRESS:PORT or unix:PATH, as 127.0.0.1:9464, [::1]:9464 or "
				"unix:/run/tare/agent.sock");
	if (c->listen->len == AGENT_LISTENERS)
		return g_strdup("one of at most 4 addresses");
	g_ptr_array_add(c->listen, g_strdup(value));
	return NULL;
}

static char *take_token_file(struct agent_config *c, const char *value)
{
	return take_path(value, &c->token_file);
}

static char *take_log_file(struct agent_config *c, const char *value)
{
	return take_path(value, &c->log_file);
}

static char *take_groups(struct agent_config *c, const char *value)
{
	return take_number(value, 1, 10000, &c->groups);
}

static char *take_names(struct agent_config *c, const char *value)
{
	return take_number(value, 1, 1000, &c->names);
}

static char *take_connections(struct agent_config *c, const char *value)
{
	return take_number(value, 1, 1000, &c->connections);
}

static char *take_argv(struct agent_config *c, const char *value)
{
	return take_shown(value, &c->argv);
}

static char *take_paths(struct agent_config *c, const char *value)
{
	return take_shown(value, &c->paths);
}

static char *take_memory(struct agent_config *c, const char *value)
{
	if (text_parse_size(value, &c->memory) || c->memory < MEMORY_LEAST)
		return g_strdup("a size from 32MiB");
	return NULL;
}

static char *take_period(struct agent_config *c, const char *value)
{
	if (text_parse_size(value, &c->period) || c->period > PERIOD_MOST ||
	    (c->period && c->period < (uint64_t)sysconf(_SC_PAGESIZE)))
		return g_strdup("0 (none), or a size from 4KiB to 1GiB");
	return NULL;
}

static const struct config_key keys[] = {
	{ "listen", take_listen },
	{ "token-file", take_token_file },
	{ "log-file", take_log_file },
	{ "groups", take_groups },
	{ "names", take_names },
	{ "argv", take_argv },
	{ "paths", take_paths },
	{ "memory", take_memory },
	{ "period", take_period },
	{ "connections", take_connections },
	{ NULL, NULL },
};

/* All tables of keys. */
static const struct config_key *const tables[] = { keys, blackbox_keys };

static const struct config_key *find_key(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const struct config_key *k = tables[i]; k->name; k++)
			if (!strcmp(k->name, name))
				return k;
	return NULL;
}

static void unknown_key(const char *path, unsigned number, const char *name)
{
	g_autoptr(GPtrArray) names = g_ptr_array_new();
	const char *near;

	for (unsigned i = 0; i < G_N_ELEMENTS(tables); i++)
		for (const struct config_key *k = tables[i]; k->name; k++)
			g_ptr_array_add(names, (gpointer)k->name);
	g_ptr_array_add(names, NULL);
	near = text_nearest(name, (const char *const *)names->pdata);
	if (near)
		log_error("%s:%u: unknown key: %s; did you mean %s?", path, number, name, near);
	else
		log_error("%s:%u: unknown key: %s", path, number, name);
}

static bool take_line(struct agent_config *c, const char *path, unsigned number, char *line)
{
	const struct config_key *key;
	char *name = g_strstrip(line), *equals = strchr(name, '='), *value;
	g_autofree char *want = NULL;

	if (!*name || *name == '#')
		return true;
	if (!equals) {
		log_error("%s:%u: not KEY = VALUE: %s", path, number, name);
		return false;
	}
	*equals = '\0';
	value = g_strstrip(equals + 1);
	g_strchomp(name);
	key = find_key(name);
	if (!key) {
		unknown_key(path, number, name);
		return false;
	}
	want = *value ? key->take(c, value) : g_strdup("a value");
	if (want)
		log_error("%s:%u: %s = %s: not %s", path, number, name, value, want);
	return !want;
}

static struct agent_config *config_new(void)
{
	struct agent_config *c = g_new0(struct agent_config, 1);

	c->listen = g_ptr_array_new_with_free_func(g_free);
	c->groups = GROUPS_DEFAULT;
	c->names = NAMES_DEFAULT;
	c->memory = MEMORY_DEFAULT;
	c->period = PERIOD_DEFAULT;
	c->connections = CONNECTIONS_DEFAULT;
	return c;
}

struct agent_config *agent_config_parse(const char *path, const char *text)
{
	struct agent_config *c = config_new();
	g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
	bool good = true;

	for (unsigned i = 0; lines[i]; i++)
		good = take_line(c, path, i + 1, lines[i]) && good;
	if (good)
		return c;
	agent_config_free(c);
	return NULL;
}

/* The content of a regular file; NULL: errno is set. */
static char *read_file(const char *path, size_t most, struct stat *st)
{
	g_autofree char *text = g_malloc(most + 2);
	size_t len = 0;
	ssize_t n = 0;
	int fd = regular_open(path, st);

	if (fd < 0) {
		errno = -fd;
		return NULL;
	}
	while (len <= most && (n = read(fd, text + len, most + 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (n >= 0 && len > most)
		errno = EFBIG;
	if (n < 0 || len > most)
		return NULL;
	text[len] = '\0';
	if (strlen(text) != len) {
		errno = EILSEQ;
		return NULL;
	}
	return g_steal_pointer(&text);
}

struct agent_config *agent_config_load(const char *path)
{
	g_autofree char *text = NULL;
	struct stat st;

	if (!path)
		return config_new();
	text = read_file(path, FILE_MOST, &st);
	if (text)
		return agent_config_parse(path, text);
	log_error("cannot read %s: %s", path, g_strerror(errno));
	return NULL;
}

static int read_token(struct agent_config *c)
{
	g_autofree char *text = NULL;
	struct stat st;

	text = read_file(c->token_file, TOKEN_MOST, &st);
	if (!text) {
		log_error("token file %s: %s", c->token_file, g_strerror(errno));
		return -EINVAL;
	}
	if (!owner_trusts(NULL, st.st_uid) || st.st_mode & (S_IRWXG | S_IRWXO)) {
		log_error("token file %s: others may read or change it", c->token_file);
		log_hint("chown root %s && chmod 600 %s", c->token_file, c->token_file);
		return -EINVAL;
	}
	g_strstrip(text);
	if (strlen(text) < TOKEN_LEAST || strpbrk(text, " \t\r\n")) {
		log_error("token file %s: not one word of at least %d characters", c->token_file,
			  TOKEN_LEAST);
		log_hint("openssl rand -hex 32 >%s", c->token_file);
		return -EINVAL;
	}
	g_free(c->token);
	c->token = g_steal_pointer(&text);
	return 0;
}

int agent_config_check(struct agent_config *c)
{
	struct listen_address a;

	if (!c->listen->len)
		g_ptr_array_add(c->listen, g_strdup(LISTEN_DEFAULT));
	if (c->token_file)
		return read_token(c);
	for (unsigned i = 0; i < c->listen->len; i++) {
		const char *text = c->listen->pdata[i];

		if (!listen_parse(&a, text) && a.loopback)
			continue;
		log_error("listen %s: other machines can reach it, so it needs a token", text);
		log_hint("token-file = /etc/tare/token in the configuration; or 127.0.0.1");
		return -EINVAL;
	}
	return 0;
}

void agent_config_free(struct agent_config *c)
{
	if (!c)
		return;
	g_ptr_array_unref(c->listen);
	g_free(c->token_file);
	g_free(c->token);
	g_free(c->log_file);
	blackbox_config_free(c->blackbox);
	g_free(c);
}
