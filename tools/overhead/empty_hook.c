/* SPDX-License-Identifier: GPL-2.0-only
 *
 * empty_hook OBJECT COMMAND [ARG…]: runs a command while the object's program,
 * which does nothing, stands on rss_stat. Exits as the command does.
 */
#include <bpf/libbpf.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

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
	int status;
	pid_t pid;

	if (argc < 3)
		return 2;
	if (!attach(argv[1])) {
		perror("empty_hook");
		return 125;
	}
	pid = fork();
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		perror(argv[2]);
		_exit(127);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid)
		return 125;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
