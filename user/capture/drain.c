/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/drain.h"

#include <errno.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/fifo.h"

#define STACK (256 << 10) /* of the thread, bytes */
/* Events of the thread's epoll, after those of the rings. */
enum { STOP = DRAIN_RINGS, ALARM, EVENTS };

/* All members are under the lock except `taken`, which only the main thread uses. */
struct drain_queue {
	struct drain_source source;
	struct fifo waiting; /* `taken` holds the older records */
	struct fifo taken;
	unsigned blocks; /* in both queues */
	uint64_t budget; /* bytes that this call of consume() may add */
	bool full;       /* the thread does not listen to its ring until there is room */
};

struct drain {
	struct drain_queue queue[DRAIN_RINGS];
	struct fifo_spare spare;
	pthread_mutex_t lock;
	pthread_t thread;
	int epoll, stop, ready, timer;
	void (*alarm)(void *ctx);
	void *ctx;
	bool notified; /* `ready` is readable */
	bool running, want_priority;
	atomic_uint_least64_t dropped;
};

static uint64_t queue_held(const struct drain_queue *q)
{
	return (uint64_t)q->blocks * FIFO_BLOCK;
}

int drain_put(struct drain *d, enum drain_ring which, const void *data, size_t size)
{
	struct drain_queue *q = &d->queue[which];
	int more = fifo_put(&q->waiting, &d->spare, data, size);

	if (more < 0)
		d->dropped++;
	else
		q->blocks += more;
	/* As in the ring: a header of 8 bytes for each record. */
	q->budget -= MIN(q->budget, size + 8);
	return more < 0 || !q->budget;
}

/* `events` 0: do not wait for this ring. Edge-triggered: the thread wakes up when the kernel side
 * asks for it, not whenever the ring has records. */
static void listen_to(struct drain *d, unsigned which, uint32_t events)
{
	struct epoll_event event = { .events = events ? events | EPOLLET : 0, .data.u32 = which };

	epoll_ctl(d->epoll, EPOLL_CTL_MOD, d->queue[which].source.fd, &event);
	d->queue[which].full = !events;
}

/* Called by the thread: take as many records from the ring as the queue has room for. True: records
 * wait for the main thread. */
static bool queue_fill(struct drain *d, unsigned which)
{
	struct drain_queue *q = &d->queue[which];
	uint64_t limit;

	if (q->source.fd < 0)
		return false;
	limit = q->source.limit(q->source.ctx);
	q->budget = limit - MIN(limit, queue_held(q));
	if (q->budget)
		q->source.consume(q->source.ctx);
	if (!q->budget && !q->full)
		listen_to(d, which, 0);
	return q->waiting.first;
}

static void notify(struct drain *d)
{
	uint64_t one = 1;

	if (!d->notified)
		d->notified = write(d->ready, &one, sizeof(one)) == sizeof(one);
}

/* Raise the thread's priority above the workload's threads, which may be thousands, and above
 * that of session_hurry(). Children do not inherit it. A real-time priority can't block the
 * machine: the thread only copies and sleeps, and the kernel limits the time of real-time
 * threads. */
static void raise_priority(void)
{
	struct sched_param low = { .sched_priority = sched_get_priority_min(SCHED_FIFO) + 1 };

	if (sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &low))
		setpriority(PRIO_PROCESS, gettid(), -20);
}

/* Under the lock. If the timer was set again meanwhile, read() fails and no alarm is due. */
static void ring_alarm(struct drain *d)
{
	uint64_t n;

	if (read(d->timer, &n, sizeof(n)) == sizeof(n) && d->alarm)
		d->alarm(d->ctx);
}

static void *drain_main(void *arg)
{
	struct drain *d = arg;
	struct epoll_event events[EVENTS];

	pthread_setname_np(pthread_self(), "tare-drain");
	if (d->want_priority)
		raise_priority();
	for (;;) {
		int n = epoll_wait(d->epoll, events, G_N_ELEMENTS(events), -1);
		bool any = false, due = false;

		for (int i = 0; i < n; i++) {
			if (events[i].data.u32 == STOP)
				return NULL;
			due |= events[i].data.u32 == ALARM;
		}
		if (n <= 0)
			continue;
		pthread_mutex_lock(&d->lock);
		if (due)
			ring_alarm(d);
		/* Both, events first: samples refer to the tasks that events announce. */
		for (unsigned which = 0; which < DRAIN_RINGS; which++)
			any |= queue_fill(d, which);
		if (any)
			notify(d);
		pthread_mutex_unlock(&d->lock);
	}
}

/* Called by the main thread: take all records that are in the ring now; their size is bounded by
 * the ring's. */
static void queue_take(struct drain *d, unsigned which)
{
	struct drain_queue *q = &d->queue[which];

	if (q->source.fd < 0)
		return;
	q->budget = q->source.ring_bytes;
	q->source.consume(q->source.ctx);
	fifo_append(&q->taken, &q->waiting);
}

void drain_take(struct drain *d)
{
	uint64_t n;

	pthread_mutex_lock(&d->lock);
	for (unsigned which = 0; which < DRAIN_RINGS; which++)
		queue_take(d, which);
	if (d->notified)
		d->notified = read(d->ready, &n, sizeof(n)) != sizeof(n);
	pthread_mutex_unlock(&d->lock);
}

/* A block was read to its end, so the queue has room again. */
static void give_back(struct drain *d, unsigned which)
{
	struct drain_queue *q = &d->queue[which];

	pthread_mutex_lock(&d->lock);
	fifo_give_back(&d->spare, fifo_drop(&q->taken));
	q->blocks--;
	if (q->full && queue_held(q) <= q->source.limit(q->source.ctx) / 2)
		listen_to(d, which, EPOLLIN);
	pthread_mutex_unlock(&d->lock);
}

const void *drain_next(struct drain *d, enum drain_ring which, size_t *size)
{
	struct drain_queue *q = &d->queue[which];
	const void *record;

	while (!(record = fifo_next(&q->taken, size)) && q->taken.first)
		give_back(d, which);
	return record;
}

void drain_alarm(struct drain *d, uint64_t at_ns)
{
	struct itimerspec at = { .it_value = { at_ns / 1000000000, at_ns % 1000000000 } };

	pthread_mutex_lock(&d->lock);
	timerfd_settime(d->timer, TFD_TIMER_ABSTIME, &at, NULL);
	pthread_mutex_unlock(&d->lock);
}

int drain_fd(const struct drain *d)
{
	return d->ready;
}

uint64_t drain_dropped(const struct drain *d)
{
	return d->dropped;
}

/* A mutex with priority inheritance: its holder runs with the priority of a thread that waits
 * for it. */
static int make_lock(pthread_mutex_t *lock)
{
	pthread_mutexattr_t attr;
	int err;

	pthread_mutexattr_init(&attr);
	pthread_mutexattr_setprotocol(&attr, PTHREAD_PRIO_INHERIT);
	err = pthread_mutex_init(lock, &attr);
	pthread_mutexattr_destroy(&attr);
	return err;
}

/* All signals are blocked in it: the main thread handles them. */
static int start_thread(struct drain *d)
{
	sigset_t all, old;
	pthread_attr_t attr;
	int err;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &old);
	err = pthread_create(&d->thread, &attr, drain_main, d);
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_attr_destroy(&attr);
	d->running = !err;
	return err;
}

static int epoll_watch(struct drain *d, int fd, uint32_t events, unsigned what)
{
	struct epoll_event event = { .events = events, .data.u32 = what };

	return fd >= 0 && epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) ? errno : 0;
}

static int open_all(struct drain *d)
{
	int err;

	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	d->stop = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	d->timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (d->epoll < 0 || d->stop < 0 || d->ready < 0 || d->timer < 0)
		return errno;
	err = epoll_watch(d, d->stop, EPOLLIN, STOP);
	if (!err)
		err = epoll_watch(d, d->timer, EPOLLIN, ALARM);
	for (unsigned which = 0; which < DRAIN_RINGS && !err; which++)
		err = epoll_watch(d, d->queue[which].source.fd, EPOLLIN | EPOLLET, which);
	return err ? err : start_thread(d);
}

int drain_open(struct drain **out, const struct drain_config *config)
{
	struct drain *d = g_new0(struct drain, 1);
	int err;

	for (unsigned which = 0; which < DRAIN_RINGS; which++)
		d->queue[which].source = config->source[which];
	d->want_priority = config->priority;
	d->alarm = config->alarm;
	d->ctx = config->ctx;
	d->epoll = d->stop = d->ready = d->timer = -1;
	*out = d; /* first: the thread may call `consume` at once */
	err = make_lock(&d->lock);
	if (!err)
		err = open_all(d);
	if (!err)
		return 0;
	log_error("cannot start the thread that empties the rings: %s", g_strerror(err));
	drain_close(d);
	*out = NULL;
	return -err;
}

void drain_close(struct drain *d)
{
	uint64_t one = 1;

	if (!d)
		return;
	if (d->running && write(d->stop, &one, sizeof(one)) == sizeof(one))
		pthread_join(d->thread, NULL);
	for (unsigned which = 0; which < DRAIN_RINGS; which++) {
		fifo_free(&d->queue[which].taken);
		fifo_free(&d->queue[which].waiting);
	}
	fifo_spare_free(&d->spare);
	if (d->timer >= 0)
		close(d->timer);
	if (d->ready >= 0)
		close(d->ready);
	if (d->stop >= 0)
		close(d->stop);
	if (d->epoll >= 0)
		close(d->epoll);
	pthread_mutex_destroy(&d->lock);
	g_free(d);
}
