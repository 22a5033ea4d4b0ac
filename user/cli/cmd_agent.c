/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare agent: its options; the work is done in agent/.
 */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "agent/agent.h"
#include "agent/listen.h"
#include "base/log.h"
#include "cli/cmd.h"
#include "cli/optspec.h"

#define USUAL_CONFIG "/etc/tare/agent.conf" /* if there is one */

static const struct optspec specs[] = {
	{ "listen", 'l', "ADDRESS", 1,
	  "where to answer: 127.0.0.1:9464 (default), unix:PATH; may be repeated" },
	{ "config", 'c', "FILE", 1, "the configuration (" USUAL_CONFIG ", if there is one)" },
	{ "check", 'C', NULL, 1, "only check the configuration" },
	{ "verbose", 'v', NULL, 1, "print more messages; twice: libbpf's too" },
	{ "help", 'h', NULL, 1, "show this help" },
};

static const char usage[] =
	"Usage: tare agent [--listen ADDRESS]... [--config FILE]\n\n"
	"Follow all processes of this machine until SIGTERM, and answer over HTTP: /metrics,\n"
	"/debug/pprof/allocs, /healthz. It stays in the foreground and prints to stderr.\n";
static const char more[] = "\nSIGHUP: read the configuration again. More: man tare-agent\n";

struct options {
	GPtrArray *listen; /* const char * */
	const char *config;
	bool check;
};

static int take_option(void *ctx, int id, const char *value)
{
	struct options *o = ctx;
	struct listen_address address;

	switch (id) {
	case 'l':
		if (listen_parse(&address, value) || o->listen->len == AGENT_LISTENERS)
			return optspec_bad("listen", value,
					   "one of at most 4 ADDRESS:PORT or unix:PATH, as "
					   "127.0.0.1:9464");
		g_ptr_array_add(o->listen, (gpointer)value);
		return 0;
	case 'c':
		o->config = value;
		return 0;
	case 'C':
		o->check = true;
		return 0;
	default:
		log_verbosity++;
		return 0;
	}
}

static int parse(struct options *o, int argc, char **argv)
{
	const struct optspecs all = {
		.specs = specs,
		.n = G_N_ELEMENTS(specs),
		.who = 1,
		.usage = usage,
		.more = more,
		.stop = "",
		.take = take_option,
		.ctx = o,
	};
	int err = optspec_parse(&all, argc, argv);

	if (!err && argv[optind]) {
		log_error("an argument too many: %s", argv[optind]);
		err = -EINVAL;
	}
	if (err < 0)
		log_hint("tare agent --help");
	return err;
}

/* The command line's addresses replace those of the file. */
static struct agent_config *load(void *ctx)
{
	const struct options *o = ctx;
	const char *usual = access(USUAL_CONFIG, F_OK) ? NULL : USUAL_CONFIG;
	struct agent_config *c = agent_config_load(o->config ? o->config : usual);

	if (c && o->listen->len) {
		g_ptr_array_set_size(c->listen, 0);
		for (unsigned i = 0; i < o->listen->len; i++)
			g_ptr_array_add(c->listen, g_strdup(o->listen->pdata[i]));
	}
	if (!c || !agent_config_check(c))
		return c;
	agent_config_free(c);
	return NULL;
}

static int probe_and_run(struct options *o)
{
	struct features features = { 0 };
	struct agent_options run = { .features = &features, .load = load, .ctx = o };
	struct agent_config *c = load(o);
	int err = c ? 0 : -EINVAL;

	agent_config_free(c);
	if (!err && !o->check)
		err = features_probe(&features, NULL);
	if (!err && !o->check)
		err = features_check(&features);
	if (!err && !o->check)
		err = features_backend(&features, NULL, &run.backend);
	if (!err && !o->check)
		err = agent_run(&run);
	features_free(&features);
	return err ? EXIT_TARE : 0;
}

int cmd_agent(int argc, char **argv)
{
	struct options o = { .listen = g_ptr_array_new() };
	int err = parse(&o, argc, argv);
	int status = err < 0 ? EXIT_USAGE : err ? 0 : probe_and_run(&o);

	g_ptr_array_unref(o.listen);
	return status;
}
