/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Records of the kernel side, from the rings to the process table and the sampler.
 */
#include "base/log.h"
#include "capture/describe.h"
#include "capture/drain.h"
#include "capture/sampler.h"
#include "capture/session_state.h"

/* Bytes that may wait for the main thread. */
#define SAMPLES_WAIT (6 << 20)
#define EVENTS_WAIT (16 << 20)
#define EVENTS_WAIT_TASK 2048 /* in addition for each task: its start, its names and its end */

static void on_oom(struct session *s, const void *data, size_t size)
{
	if (size == sizeof(struct tare_oom))
		g_array_append_vals(s->ooms, data, 1);
}

static void on_record(struct session *s, const void *data, size_t size)
{
	const struct tare_record *head = data;

	if (size >= sizeof(*head) && head->type == TARE_REC_OOM) {
		on_oom(s, data, size);
		return;
	}
	if (proctable_record(s->proctable, data, size))
		return;
	if (head->type == TARE_REC_EXEC && !s->config.daemon)
		describe_exec(s->proctable, data);
	if (head->type == TARE_REC_TASK_END && s->sampler)
		sampler_task_ended(s->sampler, (const void *)(head + 1));
}

static int on_alive(void *ctx, const void *data, size_t size)
{
	sampler_alive(((struct session *)ctx)->sampler, data, size);
	return 0;
}

/* A dropped record may be of any type, so it is not known whether the books balance. */
static void count_dropped(struct session *s)
{
	uint64_t dropped = drain_dropped(s->drain);

	if (dropped == s->dropped)
		return;
	log_warn("there was no memory for %" G_GUINT64_FORMAT " records from the kernel",
		 dropped - s->dropped);
	s->proctable->malformed += dropped - s->dropped;
	s->dropped = dropped;
}

void session_drain_events(struct session *s)
{
	const void *record;
	size_t size;

	drain_take(s->drain);
	count_dropped(s);
	while ((record = drain_next(s->drain, DRAIN_EVENTS, &size)))
		on_record(s, record, size);
}

void session_drain(struct session *s)
{
	const void *record;
	size_t size;

	session_drain_events(s); /* first: samples refer to the tasks that events announce */
	while ((record = drain_next(s->drain, DRAIN_SAMPLES, &size)))
		if (s->sampler)
			sampler_record(s->sampler, s->proctable, record, size);
	if (!s->sampler)
		return;
	sampler_caught_up(s->sampler);
	if (sampler_crowded(s->sampler) && !loader_sweep(s->loader, on_alive, s))
		sampler_swept(s->sampler);
}

/* A report of an OOM kill is made as a checkpoint that is due. */
static int put_event(void *ctx, const void *data, size_t size)
{
	const struct tare_record *head = data;
	struct session *s = ctx;

	if (s->hurry && s->config.on_oom && size >= sizeof(*head) && head->type == TARE_REC_OOM)
		session_hurry(s);
	return drain_put(s->drain, DRAIN_EVENTS, data, size) ? -1 : 0;
}

static int put_sample(void *ctx, const void *data, size_t size)
{
	return drain_put(((struct session *)ctx)->drain, DRAIN_SAMPLES, data, size) ? -1 : 0;
}

static void consume_events(void *ctx)
{
	loader_drain(((struct session *)ctx)->loader);
}

static void consume_samples(void *ctx)
{
	loader_samples_drain(((struct session *)ctx)->loader);
}

static uint64_t events_limit(void *ctx)
{
	struct session *s = ctx;
	uint64_t now = loader_tasks(s->loader), most = s->most_tasks;

	while (most < now && !atomic_compare_exchange_weak(&s->most_tasks, &most, now))
		;
	return EVENTS_WAIT + EVENTS_WAIT_TASK * MAX(now, most);
}

static uint64_t samples_limit(void *ctx)
{
	(void)ctx;
	return SAMPLES_WAIT;
}

static void on_alarm(void *ctx)
{
	session_hurry(ctx);
}

int session_rings_open(struct session *s)
{
	struct drain_config config = {
		.source = {
			[DRAIN_EVENTS] = { .consume = consume_events,
					   .limit = events_limit,
					   .ctx = s },
			[DRAIN_SAMPLES] = { .fd = -1,
					    .consume = consume_samples,
					    .limit = samples_limit,
					    .ctx = s },
		},
		.priority = !s->config.no_priority,
		.alarm = on_alarm,
		.ctx = s,
	};
	int err = loader_ring_open(s->loader, put_event, s);

	if (!err && loader_samples(s->loader))
		err = loader_samples_open(s->loader, put_sample, s);
	if (err)
		return err;
	config.source[DRAIN_EVENTS].fd = loader_ring_fd(s->loader);
	config.source[DRAIN_EVENTS].ring_bytes = loader_ring_bytes(s->loader);
	config.source[DRAIN_SAMPLES].fd = loader_samples_fd(s->loader);
	config.source[DRAIN_SAMPLES].ring_bytes = loader_samples_bytes(s->loader);
	return drain_open(&s->drain, &config);
}
