/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs a program of tests/programs under tare. At each checkpoint, where the program stands
 * still, it takes a snapshot and compares it with the kernel's own figures, to the byte: anon
 * and file + shmem of each live process with smaps_rollup, and page tables with VmPTE. It also
 * compares the changes of each task with the program's statements (see tests/programs/prog.h).
 * It needs only a bare kernel and a directory to write to, so that it runs in a guest. It must
 * not know how tare counts, nor include anything of tare.
 *
 * usage: guest_check [-p] [-a BACKEND] [-k LEVEL:BYTES] [-u BYTES] [-d DIR] [-t SECONDS]
 *        TARE PROGRAM [ARG…]
 * -p: tare attaches at the program's first checkpoint. The program's statements are not compared
 * then, since they count from the start of its tasks.
 * -k: kernel memory must be reported at LEVEL, and at the checkpoint "made" the workload's control
 * group must be charged with BYTES or more.
 * -u: stacks are taken, and at each checkpoint BYTES or more must be mapped and untouched.
 * Exit 0: right; 1: wrong, with the errors on stdout; 77: the program can't run here.
 */
#include "check.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Reads of a process that stands still are equal; this many attempts. */
#define STILL_TRIES 50

struct check {
	const char *dir;
	char *report; /* the path for tare's -o; snapshots are beside it */
	const char *backend;
	const char *kmem;      /* LEVEL:BYTES */
	const char *untouched; /* BYTES */
	char **argv;           /* TARE PROGRAM ARG… */
	bool attach;
	pid_t program; /* when attaching; otherwise it is a child of tare */
	pid_t tare;
	int tare_fd; /* pidfd */
	int watch;   /* inotify of dir */
	FILE *from;  /* the program's stdout */
	int to;      /* its stdin */
	int snapshots;
	struct word *word;
	bool skipped;
	bool made; /* kernel memory was checked */
};

static volatile pid_t to_kill;
static const char *volatile doing = "starting";

/* The only deadline: whatever is waited for then has taken too long. Calls only what a signal
 * handler may call. */
static void too_late(int sig)
{
	(void)sig;
	if (write(1, "deadline while ", 15) < 0 || write(1, doing, strlen(doing)) < 0 ||
	    write(1, "\n", 1) < 0)
		_exit(1);
	if (to_kill > 0)
		kill(to_kill, SIGKILL);
	_exit(1);
}

static json_t *load_report(const char *path)
{
	json_error_t error;
	json_t *report = json_load_file(path, 0, &error);

	if (!report)
		wrong("%s:%d: %s", path, error.line, error.text);
	return report;
}

/* Waits until the file exists or tare has ended. */
static bool await_file(const struct check *c, const char *path)
{
	struct pollfd fds[] = { { c->watch, POLLIN, 0 }, { c->tare_fd, POLLIN, 0 } };
	char events[4096];

	while (access(path, F_OK)) {
		if (poll(fds, 2, -1) < 0 || (fds[1].revents && !fds[0].revents))
			return false;
		if (fds[0].revents && read(c->watch, events, sizeof(events)) < 0)
			return false;
	}
	return true;
}

static json_t *take_snapshot(struct check *c)
{
	g_autofree char *path = g_strdup_printf("%s/check.%d.json", c->dir, ++c->snapshots);
	json_t *report;

	doing = "waiting for a snapshot";
	kill(c->tare, SIGUSR1);
	if (!await_file(c, path)) {
		wrong("tare ended at a snapshot");
		return NULL;
	}
	report = load_report(path);
	unlink(path);
	return report;
}

/* Checks kernel memory, if wanted, at the checkpoint where all of it is made. */
static void check_made(struct check *c, const char *name, const json_t *report)
{
	g_auto(GStrv) words = g_strsplit(c->kmem ?: "", ":", 2);

	if (!c->kmem || strcmp(name, "made"))
		return;
	check_kmem(report, words[0], strtoll(words[1], NULL, 10));
	c->made = true;
}

/* A snapshot is valid if /proc has the same figures before and after it: a task may still be on
 * its way to its checkpoint. */
static void check_point(struct check *c, const char *name)
{
	pid_t root = c->attach ? c->program : c->tare;
	int before_wrongs = wrongs;

	for (int i = 0; i < STILL_TRIES; i++) {
		g_autoptr(GArray) before = weigh_all(root, c->program), after = NULL;
		json_t *report = take_snapshot(c);

		if (!report)
			return;
		after = weigh_all(root, c->program);
		if (!same_weights(before, after) || !after->len) {
			json_decref(report);
			continue;
		}
		check_books(report);
		check_weights(report, after, c->word);
		if (!c->attach)
			check_facts(report, c->word);
		check_made(c, name, report);
		if (c->untouched && !check_untouched(report, strtoll(c->untouched, NULL, 10)))
			c->skipped = true;
		json_decref(report);
		if (wrongs > before_wrongs)
			printf("… at checkpoint %s, snapshot %d\n", name, c->snapshots);
		return;
	}
	wrong("checkpoint %s: the program does not stand still", name);
}

static void add_words(GPtrArray *args, char *const *words)
{
	for (; *words; words++)
		g_ptr_array_add(args, *words);
}

/* In the child: executes tare run -- PROGRAM, or tare attach -p PID. */
static void exec_tare(const struct check *c)
{
	g_autofree char *log = g_strdup_printf("%s/check.log", c->dir);
	g_autofree char *pid = g_strdup_printf("%d", c->program);
	int err = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	GPtrArray *args = g_ptr_array_new();

	add_words(args,
		  (char *[]){ c->argv[0], c->attach ? "attach" : "run", "-o", c->report, NULL });
	if (c->untouched)
		add_words(args, (char *[]){ "--period", "16KiB", NULL });
	if (c->backend)
		add_words(args, (char *[]){ "--force-backend", (char *)c->backend, NULL });
	add_words(args, c->attach ? (char *[]){ "-p", pid, NULL } : (char *[]){ "--", NULL });
	if (!c->attach)
		add_words(args, c->argv + 1);
	g_ptr_array_add(args, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (err >= 0 && dup2(err, 2) >= 0)
		execv(c->argv[0], (char **)args->pdata);
	_exit(124);
}

static bool start_tare(struct check *c)
{
	c->tare = fork();
	if (c->tare < 0)
		return false;
	if (!c->tare)
		exec_tare(c);
	to_kill = c->tare;
	c->tare_fd = (int)syscall(SYS_pidfd_open, c->tare, 0);
	return c->tare_fd >= 0;
}

static uint64_t mask_of(const char *status, const char *key)
{
	const char *at = strstr(status, key);

	return at ? strtoull(at + strlen(key), NULL, 16) : 0;
}

/* Waits until tare handles SIGUSR1. No event tells, so it polls. */
static bool attach_tare(struct check *c)
{
	g_autofree char *path = NULL;
	struct pollfd ended = { .events = POLLIN };

	doing = "waiting for tare to attach";
	if (!start_tare(c))
		return false;
	path = g_strdup_printf("/proc/%d/status", c->tare);
	ended.fd = c->tare_fd;
	while (!poll(&ended, 1, 10)) {
		g_autofree char *text = NULL;

		if (g_file_get_contents(path, &text, NULL, NULL) &&
		    (mask_of(text, "\nSigBlk:") | mask_of(text, "\nSigCgt:")) &
			    1ULL << (SIGUSR1 - 1))
			return true;
	}
	return false;
}

/* The pipes are the stdin and stdout of the child: of tare, which hands them on, or of the
 * program. */
static bool start_child(struct check *c)
{
	int to[2], from[2], in = dup(0), out = dup(1);
	bool ok;

	if (in < 0 || out < 0 || pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC) ||
	    dup2(to[0], 0) < 0 || dup2(from[1], 1) < 0)
		return false;
	fcntl(in, F_SETFD, FD_CLOEXEC);
	fcntl(out, F_SETFD, FD_CLOEXEC);
	if (c->attach) {
		c->program = fork();
		if (!c->program) {
			signal(SIGPIPE, SIG_DFL);
			execv(c->argv[1], c->argv + 1);
			_exit(124);
		}
		ok = c->program > 0;
	} else {
		ok = start_tare(c);
	}
	dup2(in, 0);
	dup2(out, 1);
	close(in);
	close(out);
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = fdopen(from[0], "r");
	return ok && c->from;
}

static bool open_pipes(struct check *c)
{
	c->report = g_strdup_printf("%s/check.json", c->dir);
	unlink(c->report);
	c->word = word_new();
	c->watch = inotify_init1(IN_CLOEXEC);
	return inotify_add_watch(c->watch, c->dir, IN_CREATE | IN_MOVED_TO) >= 0;
}

static void show_log(const struct check *c)
{
	g_autofree char *path = g_strdup_printf("%s/check.log", c->dir);
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL) && *text)
		printf("tare and the program on stderr:\n%s", text);
}

static void handle_line(struct check *c, char *line)
{
	g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);

	if (!words[0])
		return;
	if (!strcmp(words[0], "checkpoint")) {
		if (c->attach && !c->tare && !attach_tare(c)) {
			puts("tare did not attach");
			show_log(c);
			exit(1);
		}
		check_point(c, words[1] ?: "");
		doing = "running the program";
		if (write(c->to, "\n", 1) != 1)
			wrong("the program left its checkpoint: %s", g_strerror(errno));
	} else if (!strcmp(words[0], "skip")) {
		c->skipped = true;
	} else {
		word_learn(c->word, words);
	}
}

/* After the program's last statement: checks the exit status and the last report. */
static void finish(struct check *c)
{
	json_t *report;
	int status;

	doing = "waiting for tare's end";
	close(c->to);
	waitpid(c->tare, &status, 0);
	to_kill = 0;
	if (!WIFEXITED(status) ||
	    (WEXITSTATUS(status) && !(c->skipped && WEXITSTATUS(status) == 77)))
		wrong("tare ended with wait status %#x", status);
	report = load_report(c->report);
	if (!report)
		return;
	check_books(report);
	if (json_array_size(json_object_get(report, "processes")) == 0)
		wrong("the last report has no process");
	json_decref(report);
	if (!c->snapshots && !c->skipped)
		wrong("the program came to no checkpoint");
	if (c->kmem && !c->made && !c->skipped)
		wrong("the program came to no checkpoint \"made\"");
}

int main(int argc, char **argv)
{
	struct check c = { .dir = "/tmp" };
	char line[4096];
	int opt;

	while ((opt = getopt(argc, argv, "+a:d:k:pt:u:")) != -1) {
		if (opt == 'a')
			c.backend = optarg;
		else if (opt == 'p')
			c.attach = true;
		else if (opt == 'd')
			c.dir = optarg;
		else if (opt == 'k')
			c.kmem = optarg;
		else if (opt == 'u')
			c.untouched = optarg;
		else if (opt == 't')
			alarm((unsigned)atoi(optarg));
		else
			return 2;
	}
	if (argc - optind < 2 || (c.kmem && !strchr(c.kmem, ':')))
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, too_late);
	signal(SIGPIPE, SIG_IGN);
	c.argv = argv + optind;
	if (!open_pipes(&c) || !start_child(&c)) {
		perror("guest_check");
		return 1;
	}
	doing = "running the program";
	while (fgets(line, sizeof(line), c.from))
		handle_line(&c, line);
	finish(&c);
	if (wrongs)
		show_log(&c);
	return wrongs ? 1 : c.skipped ? 77 : 0;
}
