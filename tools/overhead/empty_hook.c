/* SPDX-License-Identifier: GPL-2.0-only
 *
 * empty_hook OBJECT: attaches the object's empty program to rss_stat until a signal ends it.
 * Once attached, it waits in epoll_wait, as tare attach does.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <sys/epoll.h>

static struct bpf_link *attach(const char *object)
{
	struct bpf_object *obj = bpf_object__open_file(object, NULL);
	struct bpf_program *prog;

	if (!obj || bpf_object__load(obj))
		return NULL;
	prog = bpf_object__find_program_by_name(obj, "tare_empty");
	return prog ? bpf_program__attach(prog) : NULL;
}

int main(int argc, char **argv)
{
	struct epoll_event event;

	if (argc != 2)
		return 2;
	if (!attach(argv[1])) {
		perror("empty_hook");
		return 1;
	}
	epoll_wait(epoll_create1(0), &event, 1, -1);
	return 0;
}
