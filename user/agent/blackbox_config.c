/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blackbox_state.h"

#include <string.h>

#include "base/text.h"
#include "store/recording.h"

#define KEEP_DEFAULT 8
#define SIZE_DEFAULT (16ULL << 20)
#define TOTAL_DEFAULT (128ULL << 20)
#define TOTAL_MOST (1ULL << 40)
#define PAUSE_DEFAULT 60000000000ULL
#define PAUSE_MOST (86400 * 1000000000ULL)

static void rule_clear(void *rule)
{
	growth_rule_clear(rule);
}

static struct blackbox_config *of(struct agent_config *c)
{
	struct blackbox_config *b = c->blackbox;

	if (b)
		return b;
	b = c->blackbox = g_new0(struct blackbox_config, 1);
	b->keep = KEEP_DEFAULT;
	b->size = SIZE_DEFAULT;
	b->total = TOTAL_DEFAULT;
	b->pause_ns = PAUSE_DEFAULT;
	b->rules = g_array_new(FALSE, FALSE, sizeof(struct growth_rule));
	g_array_set_clear_func(b->rules, rule_clear);
	return b;
}

void blackbox_config_free(struct blackbox_config *b)
{
	if (!b)
		return;
	g_free(b->dir);
	g_free(b->hook);
	g_array_unref(b->rules);
	g_free(b);
}

static char *take_dir(struct agent_config *c, const char *value)
{
	if (*value != '/')
		return g_strdup("a path from the root");
	g_free(of(c)->dir);
	c->blackbox->dir = g_strdup(value);
	return NULL;
}

static char *take_hook(struct agent_config *c, const char *value)
{
	if (*value != '/')
		return g_strdup("a path from the root, as /run/systemd/oomd.prekill.hook/tare");
	g_free(of(c)->hook);
	c->blackbox->hook = g_strdup(value);
	return NULL;
}

static char *take_keep(struct agent_config *c, const char *value)
{
	guint64 n;

	if (!g_ascii_string_to_unsigned(value, 10, 1, 10000, &n, NULL))
		return g_strdup("a number from 1 to 10000");
	of(c)->keep = (unsigned)n;
	return NULL;
}

static char *take_size(struct agent_config *c, const char *value)
{
	uint64_t n;

	if (text_parse_size(value, &n) || n < RECORDING_SIZE_LEAST || n > RECORDING_SIZE_MOST)
		return g_strdup("a size from 1MiB to 1GiB");
	of(c)->size = n;
	return NULL;
}

static char *take_total(struct agent_config *c, const char *value)
{
	uint64_t n;

	if (text_parse_size(value, &n) || n < RECORDING_SIZE_LEAST || n > TOTAL_MOST)
		return g_strdup("a size from 1MiB to 1TiB");
	of(c)->total = n;
	return NULL;
}

static char *take_pause(struct agent_config *c, const char *value)
{
	uint64_t ns;

	if (text_parse_duration(value, &ns) || ns > PAUSE_MOST)
		return g_strdup("a time up to 24h");
	of(c)->pause_ns = ns;
	return NULL;
}

static char *take_on(struct agent_config *c, const char *value)
{
	for (int i = 0; i < GROUP_EVENTS; i++)
		if (!strcmp(value, group_event_name[i])) {
			of(c)->on[i] = true;
			return NULL;
		}
	return g_strdup("high, max or oom-kill");
}

static char *take_rule(struct agent_config *c, const char *value)
{
	struct growth_rule rule;
	g_autofree char *why = NULL;

	if (of(c)->rules->len == RULES_MOST)
		return g_strdup_printf("one of at most %d rules", RULES_MOST);
	why = growth_rule_parse(&rule, value);
	if (why)
		return g_strdup_printf("a rule (wanted: %s)", why);
	g_array_append_val(c->blackbox->rules, rule);
	return NULL;
}

const struct config_key blackbox_keys[] = {
	{ "dump-dir", take_dir },     { "dump-keep", take_keep },   { "dump-size", take_size },
	{ "dump-total", take_total }, { "dump-pause", take_pause }, { "dump-on", take_on },
	{ "dump-when", take_rule },   { "oomd-hook", take_hook },   { NULL, NULL },
};
