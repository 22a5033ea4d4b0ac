/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The thread that empties the rings: all records arrive in order while the main thread is busy,
 * within the bounds of the queues. The rings are simulated.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <unistd.h>

#include "capture/drain.h"
#include "capture/fifo.h"

#define ROOM 512 /* records in a ring */
#define MANY 200000

/* A ring of numbered records; the number decides a record's size. */
struct ring {
	pthread_mutex_t lock;
	uint64_t first, n;        /* contents: records first … first + n - 1 */
	uint64_t consumed, limit; /* records; bytes */
	int fd;
	enum drain_ring which;
	struct drain *drain;
};

static struct ring rings[DRAIN_RINGS];

static size_t size_of(uint64_t number)
{
	return 8 + number * 37 % 2000;
}

/* Adds a record; false if there is no room. Like the BPF program it wakes the thread when a
 * quarter is full. */
static bool produce(struct ring *r)
{
	uint64_t one = 1;
	bool room;

	pthread_mutex_lock(&r->lock);
	room = r->n < ROOM;
	r->n += room;
	if (r->n > ROOM / 4)
		assert_int_equal(write(r->fd, &one, sizeof(one)), sizeof(one));
	pthread_mutex_unlock(&r->lock);
	return room;
}

static bool next(struct ring *r, uint64_t *number)
{
	bool any;

	pthread_mutex_lock(&r->lock);
	any = r->n;
	*number = r->first;
	r->first += any;
	r->n -= any;
	r->consumed += any;
	pthread_mutex_unlock(&r->lock);
	return any;
}

static void consume(void *ctx)
{
	struct ring *r = ctx;
	uint64_t number, record[256];

	while (next(r, &number)) {
		memset(record, (int)number, sizeof(record));
		record[0] = number;
		if (drain_put(r->drain, r->which, record, size_of(number)))
			break;
	}
}

static uint64_t limit(void *ctx)
{
	return ((struct ring *)ctx)->limit;
}

static struct drain *start(uint64_t bytes, bool priority)
{
	struct drain_config config = { .priority = priority };
	struct drain *d;

	for (unsigned i = 0; i < DRAIN_RINGS; i++) {
		rings[i] = (struct ring){ .fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK),
					  .which = i,
					  .limit = bytes };
		pthread_mutex_init(&rings[i].lock, NULL);
		config.source[i] = (struct drain_source){ .fd = rings[i].fd,
							  .ring_bytes = ROOM * 2048,
							  .consume = consume,
							  .limit = limit,
							  .ctx = &rings[i] };
	}
	assert_int_equal(drain_open(&d, &config), 0);
	/* The rings are empty, so consume() has not been called. */
	for (unsigned i = 0; i < DRAIN_RINGS; i++)
		rings[i].drain = d;
	return d;
}

static void end(struct drain *d)
{
	drain_close(d);
	for (unsigned i = 0; i < DRAIN_RINGS; i++) {
		close(rings[i].fd);
		pthread_mutex_destroy(&rings[i].lock);
	}
}

/* Checks that the queue holds complete records from number `from` on. Returns the number after
 * the last. */
static uint64_t check(struct drain *d, enum drain_ring which, uint64_t from)
{
	const unsigned char *data;
	uint64_t number;
	size_t size;

	while ((data = drain_next(d, which, &size))) {
		memcpy(&number, data, sizeof(number));
		assert_int_equal(number, from);
		assert_int_equal(size, size_of(from));
		for (size_t i = sizeof(number); i < size; i++)
			if (data[i] != (unsigned char)number)
				fail();
		from++;
	}
	return from;
}

static void *produce_many(void *arg)
{
	for (int i = 0; i < MANY; i++)
		while (!produce(arg))
			sched_yield();
	return NULL;
}

static void all_records_arrive_in_order(void **state)
{
	struct drain *d = start(1 << 20, false);
	uint64_t upto[DRAIN_RINGS] = { 0 };
	pthread_t thread[DRAIN_RINGS];

	(void)state;
	for (unsigned i = 0; i < DRAIN_RINGS; i++)
		pthread_create(&thread[i], NULL, produce_many, &rings[i]);
	while (upto[0] < MANY || upto[1] < MANY) {
		drain_take(d);
		for (unsigned i = 0; i < DRAIN_RINGS; i++)
			upto[i] = check(d, i, upto[i]);
	}
	for (unsigned i = 0; i < DRAIN_RINGS; i++)
		pthread_join(thread[i], NULL);
	assert_int_equal(drain_dropped(d), 0);
	end(d);
}

/* The main thread takes nothing: the queue grows to its bound, then the thread leaves the ring
 * alone. */
static void stops_at_its_bound(void **state)
{
	const uint64_t bound = 4 * FIFO_BLOCK;
	struct drain *d = start(bound, false);
	struct ring *r = &rings[DRAIN_SAMPLES];
	uint64_t made = 0, bytes = 0;

	(void)state;
	for (;;) {
		if (produce(r))
			bytes += size_of(made++);
		else if (bytes > bound)
			break;
		else
			sched_yield();
	}
	bytes = 0;
	pthread_mutex_lock(&r->lock);
	for (uint64_t i = 0; i < r->consumed; i++)
		bytes += size_of(i) + 8;
	pthread_mutex_unlock(&r->lock);
	assert_true(bytes <= bound + 4096);
	/* The rest of the ring is taken too, however full the queue is. */
	drain_take(d);
	assert_int_equal(check(d, DRAIN_SAMPLES, 0), made);
	/* When the queue has room again, the thread goes on. */
	for (int i = 0; i < 2 * ROOM; i++)
		while (!produce(r))
			sched_yield();
	drain_take(d);
	assert_int_equal(check(d, DRAIN_SAMPLES, made), made + 2 * ROOM);
	end(d);
}

/* A line of the thread's /proc status file. */
static char *thread_status(const char *field)
{
	DIR *dir = opendir("/proc/self/task");
	char *found = NULL;
	struct dirent *e;

	while (!found && (e = readdir(dir))) {
		g_autofree char *path = g_strdup_printf("/proc/self/task/%s/status", e->d_name);
		g_autofree char *text = NULL;
		char *at;

		if (!g_file_get_contents(path, &text, NULL, NULL) || !strstr(text, "tare-drain"))
			continue;
		at = strstr(text, field);
		found = g_strndup(at, strcspn(at, "\n"));
	}
	closedir(dir);
	return found;
}

/* Waits until the thread has set its name and sleeps. */
static char *when_it_sleeps(const char *field)
{
	for (;;) {
		g_autofree char *state = thread_status("State:");

		if (state && strchr(state, 'S') && strstr(state, "sleeping"))
			return thread_status(field);
		sched_yield();
	}
}

static void thread_blocks_all_signals(void **state)
{
	struct drain *d = start(1 << 20, false);
	g_autofree char *blocked = when_it_sleeps("SigBlk:");

	(void)state;
	/* All signals but SIGKILL, SIGSTOP and the two that libc reserves. */
	assert_string_equal(blocked, "SigBlk:\tfffffffe7ffbfeff");
	end(d);
}

/* Its priority is above that of a thread with the default. */
static bool is_raised(void)
{
	g_autofree char *pid = when_it_sleeps("Pid:");
	pid_t tid = atoi(pid + strlen("Pid:"));

	return (sched_getscheduler(tid) & ~SCHED_RESET_ON_FORK) == SCHED_FIFO ||
	       getpriority(PRIO_PROCESS, tid) < 0;
}

static void priority_is_raised_only_on_request(void **state)
{
	struct drain *d = start(1 << 20, false);

	(void)state;
	assert_false(is_raised());
	end(d);
	d = start(1 << 20, true);
	if (!geteuid())
		assert_true(is_raised());
	end(d);
}

static void count_alarm(void *n)
{
	uint64_t one = 1;

	assert_int_equal(write(*(int *)n, &one, sizeof(one)), sizeof(one));
}

/* The thread calls the alarm once per setting, and not after it was cancelled. */
static void alarm_is_called_once(void **state)
{
	int rung = eventfd(0, EFD_CLOEXEC);
	struct drain_config config = { .alarm = count_alarm, .ctx = &rung };
	struct drain *d;
	uint64_t n;

	(void)state;
	for (unsigned which = 0; which < DRAIN_RINGS; which++)
		config.source[which].fd = -1;
	assert_int_equal(drain_open(&d, &config), 0);
	for (unsigned i = 0; i < 3; i++) {
		drain_alarm(d, 1); /* in the past */
		assert_int_equal(read(rung, &n, sizeof(n)), sizeof(n));
		assert_int_equal(n, 1);
	}
	drain_alarm(d, G_MAXINT64);
	drain_alarm(d, 0);
	drain_alarm(d, 1);
	assert_int_equal(read(rung, &n, sizeof(n)), sizeof(n));
	assert_int_equal(n, 1);
	drain_close(d);
	close(rung);
}

static void queue_keeps_records_whole(void **state)
{
	struct fifo f = { 0 }, g = { 0 };
	struct fifo_spare spare = { 0 };
	static char record[FIFO_BLOCK];
	size_t size;

	(void)state;
	assert_null(fifo_next(&f, &size));
	assert_null(fifo_drop(&f));
	assert_true(fifo_put(&f, &spare, record, FIFO_BLOCK) < 0);
	assert_int_equal(fifo_put(&f, &spare, record, FIFO_BLOCK - sizeof(struct fifo_block) - 8),
			 1);
	assert_int_equal(fifo_put(&f, &spare, "a", 1), 1);
	assert_int_equal(fifo_put(&f, &spare, "", 0), 0);
	fifo_append(&g, &f);
	fifo_append(&g, &f);
	assert_null(f.first);
	assert_non_null(fifo_next(&g, &size));
	assert_int_equal(size, FIFO_BLOCK - sizeof(struct fifo_block) - 8);
	assert_null(fifo_next(&g, &size));
	fifo_give_back(&spare, fifo_drop(&g));
	assert_memory_equal(fifo_next(&g, &size), "a", 1);
	assert_int_equal(size, 1);
	assert_non_null(fifo_next(&g, &size));
	assert_int_equal(size, 0);
	assert_null(fifo_next(&g, &size));
	fifo_free(&g);
	fifo_spare_free(&spare);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(queue_keeps_records_whole),
		cmocka_unit_test(all_records_arrive_in_order),
		cmocka_unit_test(stops_at_its_bound),
		cmocka_unit_test(thread_blocks_all_signals),
		cmocka_unit_test(priority_is_raised_only_on_request),
		cmocka_unit_test(alarm_is_called_once),
	};

	return cmocka_run_group_tests_name("drain", tests, NULL, NULL);
}
