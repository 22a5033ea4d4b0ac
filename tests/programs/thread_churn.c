/* SPDX-License-Identifier: GPL-2.0-only
 *
 * thread_churn [N [P]]: N threads created and ended, P at a time. Each touches one page of its
 * own.
 */
#include "prog.h"

static void *worker(void *p)
{
	char *mem = region(PAGE);

	(void)p;
	touch(mem, PAGE);
	munmap(mem, PAGE);
	return NULL;
}

int main(int argc, char **argv)
{
	size_t n = number(argc, argv, 1, 1000), at_once = number(argc, argv, 2, 1);
	pthread_t *t = calloc(at_once, sizeof(*t));
	size_t made = 0;

	while (made < n) {
		size_t batch = n - made < at_once ? n - made : at_once;

		for (size_t i = 0; i < batch; i++) {
			errno = pthread_create(&t[i], NULL, worker, NULL);
			if (errno)
				die("pthread_create");
		}
		for (size_t i = 0; i < batch; i++)
			pthread_join(t[i], NULL);
		made += batch;
	}
	say("count threads=%zu", n + 1);
	checkpoint("churned");
	return 0;
}
