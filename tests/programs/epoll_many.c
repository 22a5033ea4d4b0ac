/* SPDX-License-Identifier: GPL-2.0-only
 *
 * epoll_many [N [FILES]]: N registrations: FILES timers (timerfd), each in
 * N / FILES epoll instances.
 */
#include "prog.h"

#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/timerfd.h>

static size_t n_timers, n_epolls, made;
static int *timers, *epolls;

static void enter_all(void *p)
{
	struct epoll_event event = { .events = EPOLLIN };

	for (size_t i = 0; i < n_epolls; i++)
		for (size_t j = 0; j < n_timers; j++, made++)
			if (epoll_ctl(epolls[i], EPOLL_CTL_ADD, timers[j], &event))
				die("epoll_ctl");
	(void)p;
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 100000);
	static struct actor a;
	struct rlimit files;

	n_timers = number(argc, argv, 2, 1000);
	n_epolls = n / n_timers;
	timers = calloc(n_timers, sizeof(*timers));
	epolls = calloc(n_epolls, sizeof(*epolls));
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	for (size_t i = 0; i < n_timers; i++) {
		timers[i] = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
		if (timers[i] < 0)
			die("timerfd_create");
	}
	for (size_t i = 0; i < n_epolls; i++) {
		epolls[i] = epoll_create1(EPOLL_CLOEXEC);
		if (epolls[i] < 0)
			die("epoll_create1");
	}
	actor_start(&a, "registrar");
	checkpoint("before");
	actor_do(&a, enter_all, NULL);
	say("made tid=%d n=%zu", a.tid, made);
	checkpoint("made");
	actor_end(&a);
	return 0;
}
