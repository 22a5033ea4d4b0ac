/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A session with a simulated kernel side. A signal that comes while a report is made never
 * begins a second report inside the first, and no requested report is forgotten. Also tests
 * what signals do to the command, when the session ends, and the points of the curve.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define drain_take fake_drain
#define drain_next fake_next
#define drain_dropped fake_dropped
#define loader_sweep fake_sweep
#define loader_sums_valid fake_sums_valid
#define loader_workload fake_workload
#define loader_ended fake_ended
#define loader_held fake_held
#define kill fake_kill
#define kmem_books fake_kmem_books
#define kmem_held fake_kmem_held
#define kmem_describe fake_kmem_describe
#define books_close fake_books_close

#include "user/capture/session.c"
#include "user/capture/session_books.c"
#include "user/capture/session_rings.c"
#include "user/capture/session_series.c"
#include "user/capture/session_sources.c"

#include "records.h"

static struct session *s;
static int to_raise;     /* at the next poll of the ring */
static unsigned drained; /* polls of the ring since the sweep */
static bool closing;     /* between the sweep and the books */
static unsigned snapshots;
static unsigned lost; /* final records; not 0: the sweeps meet a living task */
static struct tare_workload workload;
static struct tare_held held;
static int killed; /* the last signal sent to the command */

void fake_drain(struct drain *d)
{
	(void)d;
	drained++;
	if (closing && drained == 2 && to_raise) {
		raise(to_raise);
		to_raise = 0;
	}
	if (closing && drained == 10) { /* the last final record is delivered */
		struct task_record end = task_of(TARE_REC_TASK_END, 7, 7, 7);

		GIVE(s->proctable, end);
	}
}

uint64_t fake_dropped(const struct drain *d)
{
	(void)d;
	return 0;
}

const void *fake_next(struct drain *d, enum drain_ring which, size_t *size)
{
	(void)d;
	(void)which;
	(void)size;
	return NULL;
}

int fake_sweep(struct loader *l, loader_record_fn fn, void *ctx)
{
	struct task_record alive = task_of(TARE_REC_TASK, 7, 7, 7);

	(void)l;
	if (lost)
		return fn(ctx, &alive, alive.head.size);
	assert_false(closing && drained); /* except for the second pass of one sweep */
	closing = true;
	drained = 0;
	return 0;
}

int fake_ended(struct loader *l, void (*fn)(void *ctx, uint64_t proc, const struct tare_ended *e),
	       void *ctx)
{
	g_autofree struct tare_ended *e = g_new0(struct tare_ended, 1);

	(void)l;
	e->tasks = lost;
	fn(ctx, 7, e);
	return 0;
}

bool fake_sums_valid(const struct loader *l)
{
	(void)l;
	return true;
}

void fake_workload(const struct loader *l, struct tare_workload *w)
{
	(void)l;
	*w = workload;
	w->lost[TARE_LOST_RECORD_TASK] = lost;
}

int fake_held(struct loader *l, struct tare_held *h)
{
	(void)l;
	*h = held;
	return 0;
}

int fake_kill(pid_t pid, int signal)
{
	assert_int_equal(pid, 4711);
	killed = signal;
	return 0;
}

void fake_kmem_books(struct kmem *k, struct tare_workload *w, struct books_kmem *books)
{
	(void)k;
	*w = (struct tare_workload){ 0 };
	*books = (struct books_kmem){ .by_cgroup = CGROUP_UNKNOWN };
}

int64_t fake_kmem_held(const struct kmem *k)
{
	(void)k;
	return 0;
}

void fake_kmem_describe(struct kmem *k, struct report *r, uint64_t now_ns)
{
	(void)k;
	(void)r;
	(void)now_ns;
}

void fake_books_close(struct report *r, const struct books_input *in)
{
	(void)r;
	(void)in;
	closing = false;
}

static void on_snapshot(void *ctx, struct report *r)
{
	assert_ptr_equal(ctx, &snapshots);
	assert_int_equal(r->reason, REPORT_SNAPSHOT);
	assert_false(closing);
	snapshots++;
}

static int setup(void **state)
{
	struct tare_task_new rec = birth(7, 7, 7, 7, "zombie");

	(void)state;
	s = g_new0(struct session, 1);
	s->epoll = epoll_create1(EPOLL_CLOEXEC);
	for (unsigned i = 0; i < G_N_ELEMENTS(s->timers); i++)
		s->timers[i] = -1;
	s->launch = (struct launch){ .pidfd = -1, .go_fd = -1, .err_fd = -1 };
	s->watched = g_array_new(FALSE, FALSE, sizeof(struct watched));
	s->config.on_snapshot = on_snapshot;
	s->config.ctx = &snapshots;
	s->launched = s->command_ended = true;
	s->proctable = proctable_new(true);
	s->series = series_new(SESSION_NS);
	assert_int_equal(watch_signals(s), 0);
	assert_int_equal(GIVE(s->proctable, rec), 0);
	snapshots = 0;
	killed = 0;
	workload = (struct tare_workload){ 0 };
	held = (struct tare_held){ 0 };
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	session_close(s);
	return 0;
}

static void signal_while_the_books_are_closed(void **state)
{
	struct report *r;

	(void)state;
	to_raise = SIGUSR1;
	r = session_report(s, REPORT_END);
	assert_int_equal(r->reason, REPORT_END);
	assert_int_equal(snapshots, 1);
	report_free(r);
}

/* As in the kernel, a pending signal is pending once. */
static void two_signals_make_one_report(void **state)
{
	struct report *r;

	(void)state;
	raise(SIGUSR1);
	to_raise = SIGUSR1;
	r = session_report(s, REPORT_END);
	assert_int_equal(snapshots, 1);
	report_free(r);
}

/* The loop handles them after the snapshot is made. */
static void signals_wait_until_the_snapshot_is_made(void **state)
{
	struct report *r;

	(void)state;
	raise(SIGUSR1);
	r = session_report(s, REPORT_SNAPSHOT);
	assert_int_equal(snapshots, 0);
	report_free(r);
	session_dispatch(s, SOURCE_SIGNAL);
	assert_int_equal(snapshots, 1);
}

/* A signal that comes after the report must not kill tare. */
static void late_signal_does_not_kill_tare(void **state)
{
	(void)state;
	raise(SIGUSR1);
	raise(SIGTERM);
}

/* Only a sweep of two passes knows the living tasks; a checkpoint needs one too. */
static void one_pass_does_not_end_living_tasks(void **state)
{
	uint64_t id = 7;
	const struct proctable_task *t;
	struct report *r;

	(void)state;
	lost = 1;
	for (int i = 0; i < 2; i++) {
		r = session_glance(s);
		report_free(r);
		t = g_hash_table_lookup(s->proctable->tasks, &id);
		assert_non_null(t);
		assert_false(t->ended);
		assert_int_equal(proctable_living(s->proctable), 1);
	}
	lost = 0;
}

/* Also without a report: otherwise tasks that ended without a record would stay in the table. */
static void lost_tasks_leave_the_table(void **state)
{
	(void)state;
	for (uint64_t id = 8; id < 10000; id++) {
		struct tare_task_new rec = birth(id, 7, id, 7, "gone");

		assert_int_equal(GIVE(s->proctable, rec), 0);
		lost++;
		session_read_lost(s);
		session_forget_lost(s);
		assert_in_range(g_hash_table_size(s->proctable->tasks), 1, 5000);
	}
	assert_int_equal(proctable_living(s->proctable), 1);
	lost = 0;
}

/* A signal from the terminal has reached the command too. */
static void hear(int signal, int code)
{
	command_signal(s, &(struct signalfd_siginfo){ .ssi_signo = signal, .ssi_code = code });
}

static void signals_reach_the_command_once(void **state)
{
	(void)state;
	s->command_ended = false;
	s->launch.pid = 4711;
	hear(SIGINT, SI_KERNEL);
	assert_int_equal(killed, 0);
	hear(SIGHUP, SI_USER);
	assert_int_equal(killed, SIGHUP);
	hear(SIGQUIT, SI_USER);
	assert_int_equal(killed, SIGQUIT);
	hear(SIGTERM, SI_USER); /* the second signal, which must end it */
	assert_int_equal(killed, SIGKILL);
	/* Its pid may belong to another process now. */
	s->command_ended = true;
	killed = 0;
	hear(SIGTERM, SI_USER);
	assert_int_equal(killed, 0);
	s->launched = false;
	hear(SIGTERM, SI_USER);
	assert_int_equal(killed, 0);
	s->launch.pid = 0;
}

static void session_ends_with_the_command(void **state)
{
	(void)state;
	workload.live_procs = 1;
	s->command_ended = false;
	assert_false(is_finished(s));
	workload.live_procs = 0;
	assert_false(is_finished(s)); /* its end is read from its own pidfd */
	workload.live_procs = 1;
	s->command_ended = true;
	assert_true(is_finished(s));
	s->config.wait_all = true;
	assert_false(is_finished(s));
	workload.live_procs = 0;
	assert_true(is_finished(s));
	/* Attached. */
	s->config.wait_all = s->launched = false;
	assert_true(is_finished(s));
	assert_true(session_targets_ended(s));
	workload.live_procs = 1;
	assert_false(is_finished(s));
	assert_false(session_targets_ended(s));
	s->over = true;
	assert_true(is_finished(s));
}

/* In pages or bytes, as the kernel counts; without a control group the non-RSS part is
 * unknown. */
static void point_of_the_curve(void **state)
{
	int64_t page = sysconf(_SC_PAGESIZE);
	struct report_point p = { 0 };

	(void)state;
	held.kind[TARE_ANON] = 10;
	held.kind[TARE_FILE] = 20;
	held.kind[TARE_SHMEM] = 30;
	held.kind[TARE_SWAP] = 40;
	held.kind[TARE_PAGETABLE] = 3 * page;
	held.stacks = 2;
	held.nonrss = 100;
	workload.stack_bytes = 4 * (uint64_t)page;
	add_kinds(s, &workload, &p);
	assert_true(p.kinds);
	assert_int_equal(p.rss, 60 * page);
	assert_int_equal(p.kind[TARE_KSTACK], 8 * page);
	assert_int_equal(p.kind[TARE_KMEM], 0);
	assert_int_equal(p.nonrss, (40 + 3 + 8) * page);
	workload.cgroup.id = 1;
	add_kinds(s, &workload, &p);
	assert_int_equal(p.kind[TARE_KMEM], (100 - 40 - 3 - 8) * page);
	assert_int_equal(p.nonrss, 100 * page);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(signal_while_the_books_are_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(two_signals_make_one_report, setup, teardown),
		cmocka_unit_test_setup_teardown(signals_wait_until_the_snapshot_is_made, setup,
						teardown),
		cmocka_unit_test_setup_teardown(late_signal_does_not_kill_tare, setup, teardown),
		cmocka_unit_test_setup_teardown(one_pass_does_not_end_living_tasks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(lost_tasks_leave_the_table, setup, teardown),
		cmocka_unit_test_setup_teardown(signals_reach_the_command_once, setup, teardown),
		cmocka_unit_test_setup_teardown(session_ends_with_the_command, setup, teardown),
		cmocka_unit_test_setup_teardown(point_of_the_curve, setup, teardown),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
