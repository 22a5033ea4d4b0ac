/* SPDX-License-Identifier: GPL-2.0-only
 *
 * full_pipes [N [BYTES]]: N pipes, at most as many as the limit of descriptors allows, with
 * BYTES (by default a page) of data in each.
 */
#include "prog.h"

#include <sys/resource.h>

static size_t n, bytes;

static void fill(void *p)
{
	static char data[64 * KIB];
	size_t *made = p;
	int fd[2];

	for (; *made < n && !pipe2(fd, O_NONBLOCK); ++*made) {
		ssize_t wrote = write(fd[1], data, bytes);

		if (wrote != (ssize_t)bytes)
			die("write to a pipe");
	}
}

int main(int argc, char **argv)
{
	static struct actor a;
	struct rlimit files;
	size_t made = 0;

	n = number(argc, argv, 1, 9000);
	bytes = number(argc, argv, 2, PAGE);
	if (bytes > 64 * KIB)
		bytes = 64 * KIB;
	getrlimit(RLIMIT_NOFILE, &files);
	files.rlim_cur = files.rlim_max;
	setrlimit(RLIMIT_NOFILE, &files);
	actor_start(&a, "filler");
	checkpoint("before");
	actor_do(&a, fill, &made);
	if (made < n)
		say("clamped %zu pipes of %zu: %s", made, n, strerror(errno));
	say("made tid=%d n=%zu bytes=%zu", a.tid, made, made * bytes);
	checkpoint("made");
	actor_end(&a);
	return 0;
}
