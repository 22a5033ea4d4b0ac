/* SPDX-License-Identifier: GPL-2.0-only
 *
 * titled: like many servers, it has processes of one name, each of which writes what it does over
 * its arguments ("titled: reader"). Each takes some MiB and prints "ready"; all end when the input
 * ends. The program must be called with an argument that is as long as a title.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define MIB (1u << 20)

static size_t room; /* of the arguments */

static void work(char *arguments, const char *title, size_t mib)
{
	char *memory = malloc(mib * MIB), c;

	memset(arguments, 0, room);
	snprintf(arguments, room, "titled: %s ", title);
	memset(memory, 1, mib * MIB);
	puts("ready");
	fflush(stdout);
	while (read(STDIN_FILENO, &c, 1) > 0)
		;
	free(memory);
	_exit(0);
}

int main(int argc, char **argv)
{
	static const char *const title[] = { "reader", "writer 1", "writer 2" };

	room = (size_t)(argv[argc - 1] + strlen(argv[argc - 1]) - argv[0]);
	for (unsigned i = 0; i < 3; i++)
		if (!fork())
			work(argv[0], title[i], 8 + 8 * (size_t)i);
	while (wait(NULL) > 0)
		;
	return 0;
}
