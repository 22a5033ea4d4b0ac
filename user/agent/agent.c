/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/agent.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agent/blackbox.h"
#include "agent/metrics.h"
#include "agent/logfile.h"
#include "agent/notify.h"
#include "agent/pprof.h"
#include "agent/routes.h"
#include "agent/self.h"
#include "base/log.h"
#include "capture/about.h"

#define NS 1000000000ULL
#define MAX_MMS 8192
#define RING_BYTES (8 << 20)
#define SAMPLES_RING (4 << 20)
#define KEEP_TASKS 16 /* ended ones have no rows: only their sums matter */
#define NICENESS -10
#define FIRST_PID_NS 0xEFFFFFFCU /* inode of the machine's: PROC_PID_INIT_INO in proc_ns.h */

/* The agent, and what makes its configuration. */
struct run {
	struct agent a; /* first: callbacks get its address */
	const struct agent_options *options;
	struct sample_log log;
};

static uint64_t clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

static void on_look(void *ctx, uint64_t time_ns, int64_t weight)
{
	struct agent *a = ctx;
	uint64_t began = clock_now(CLOCK_THREAD_CPUTIME_ID);
	struct books_input in;

	(void)time_ns;
	(void)weight;
	if (a->over)
		return;
	session_live(a->session, &in);
	live_tick(a->live, &in);
	about_groups(a->live); /* nothing shows owners */
	a->swept = &in;
	groups_tick(a);
	blackbox_tick(a);
	a->swept = NULL;
	self_tick(a, &in, began);
	http_tick(a->http);
	notify_manager("WATCHDOG=1");
}

static bool same_addresses(const GPtrArray *a, const GPtrArray *b)
{
	if (a->len != b->len)
		return false;
	for (unsigned i = 0; i < a->len; i++)
		if (strcmp(a->pdata[i], b->pdata[i]) != 0)
			return false;
	return true;
}

/* Keys that need a new start. */
static void warn_fixed(const struct agent_config *old, const struct agent_config *new)
{
	if (!same_addresses(old->listen, new->listen))
		log_warn("listen: another address needs a restart");
	if (old->period != new->period)
		log_warn("period: another one needs a restart");
	if (old->connections != new->connections)
		log_warn("connections: another number needs a restart");
}

/* A bad file is refused whole: the old configuration stays. */
static void reload(struct run *r)
{
	struct agent *a = &r->a;
	struct agent_config *c = r->options->load(r->options->ctx);

	notify_manager("RELOADING=1\nMONOTONIC_USEC=%" G_GUINT64_FORMAT,
		       clock_now(CLOCK_MONOTONIC) / 1000);
	if (c && c->log_file && logfile_open(c->log_file))
		g_clear_pointer(&c, agent_config_free);
	if (c) {
		warn_fixed(a->config, c);
		agent_config_free(a->config);
		a->config = c;
		a->self.reloads++;
		blackbox_reload(a);
		log_note("configuration read again");
	} else {
		a->self.reloads_failed++;
		log_error("the configuration stays as it was");
	}
	notify_manager("READY=1");
}

static void on_signal(void *ctx, int signal)
{
	struct run *r = ctx;

	switch (signal) {
	case SIGHUP:
		reload(r);
		break;
	case SIGUSR2:
		blackbox_dump(&r->a, "SIGUSR2");
		break;
	case SIGTERM:
	case SIGINT:
		session_stop(r->a.session);
		break;
	default: /* SIGUSR1, SIGQUIT */
		log_warn("signal %s means nothing to tare agent", strsignal(signal));
	}
}

static void on_oom(void *ctx, const struct tare_oom *oom)
{
	blackbox_oom(ctx, oom);
}

static void on_sample(void *ctx, const struct tare_sample *sample, uint32_t aggregate)
{
	blackbox_sample(ctx, sample, aggregate);
}

static void on_folded(void *ctx, uint32_t aggregate, uint32_t into)
{
	blackbox_folded(ctx, aggregate, into);
}

static void on_vma(void *ctx, const struct tare_vma *r, const char *path)
{
	(void)ctx;
	(void)r;
	(void)path;
}

static void configure(struct run *r, struct session_config *config)
{
	r->log = (struct sample_log){ on_sample, on_folded, on_vma, r };
	*config = (struct session_config){
		.load = {
			.features = r->a.features,
			.backend = r->a.backend,
			.max_mms = MAX_MMS,
			.ring_bytes = RING_BYTES,
			.period = (uint32_t)r->a.config->period,
			.stack = TARE_STACK_MAX,
			.samples_ring_bytes = SAMPLES_RING,
			.freeze = true,
		},
		.interval_ns = AGENT_TICK_NS,
		.keep_tasks = KEEP_TASKS,
		.detail = NAMING_SYMBOLS,
		.on_look = on_look,
		.on_signal = on_signal,
		.on_oom = on_oom,
		.log = &r->log,
		.daemon = true,
		.ctx = r,
	};
}

/* It needs little of a CPU, but each second: when a machine has none to spare, others wait. */
static void come_first(void)
{
	if (setpriority(PRIO_PROCESS, 0, NICENESS))
		log_verbose(1, "no higher priority: %s (CAP_SYS_NICE)", g_strerror(errno));
}

/* In a container that does not share the machine's PID namespace. */
static void see_how_far(struct agent *a)
{
	struct stat st;

	a->confined = !stat("/proc/self/ns/pid", &st) && st.st_ino != FIRST_PID_NS;
	if (!a->confined)
		return;
	log_warn("tare sees the processes of its own container only, not those of the machine");
	log_hint("docker run --pid=host, or hostPID: true in Kubernetes");
}

static int begin(struct run *r)
{
	struct agent *a = &r->a;
	struct session_targets targets = { .all = true };
	struct session_config config;
	int err = http_open(&a->http, a, agent_routes);

	if (err)
		return err;
	configure(r, &config);
	groups_prepare(a, &config.ends);
	err = session_open(&a->session, &config);
	if (!err)
		err = session_attach(a->session, &targets);
	if (!err)
		err = groups_begin(a);
	if (!err)
		err = pprof_begin(a);
	if (!err)
		err = blackbox_begin(a);
	return err ? err : http_begin(a->http);
}

static void end(struct run *r)
{
	struct agent *a = &r->a;

	http_close(a->http); /* first: those who wait are told, by whom they wait for */
	blackbox_end(a);
	pprof_end(a);
	groups_end(a);
	session_close(a->session);
	live_free(a->live);
	agent_config_free(a->config);
	self_end(a);
}

int agent_run(const struct agent_options *o)
{
	struct run r = { .options = o };
	struct agent *a = &r.a;
	int err, status;

	a->config = o->load(o->ctx);
	if (!a->config)
		return -EINVAL;
	a->features = o->features;
	a->backend = o->backend;
	a->live = live_new();
	self_begin(a);
	come_first();
	see_how_far(a);
	err = a->config->log_file ? logfile_open(a->config->log_file) : 0;
	if (!err)
		err = begin(&r);
	if (!err) {
		log_note("ready: listening at %s", (char *)a->config->listen->pdata[0]);
		notify_manager("READY=1");
		err = session_loop(a->session, &status);
		notify_manager("STOPPING=1");
		a->over = true;
	}
	end(&r);
	return err;
}
