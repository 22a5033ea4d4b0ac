/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs a program of tests/programs under tare and, whenever it stands still at
 * a checkpoint, takes a snapshot and holds it against the kernel's own figures,
 * to the byte: anon and file + shmem of each live process against smaps_rollup,
 * page tables against VmPTE, and what each task took and gave against what the
 * program says that it did (the lines of tests/programs/prog.h).
 * Needs no more than a bare kernel and a directory to write to, so that it runs
 * in a guest. It must not know how tare counts, nor include anything of it.
 *
 * usage: guest_check [-a ARM] [-d DIR] [-t SECONDS] TARE PROGRAM [ARG…]
 * Exit: 0 right, 1 wrong (and stdout says what), 77 the program can't run here.
 */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <inttypes.h>
#include <jansson.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

/* Two looks at a process that stands still are the same; how often to look. */
#define STILL_TRIES 50

static const char *const kinds[] = { "anon", "file", "shmem", "swap", "pagetable" };

/* What /proc says of one process, in bytes. */
struct weight {
	pid_t pid;
	int64_t rss, anon, pagetable;
};

/* One line of the program's on a task (or process), the latest of its sort. Causes
 * are left to tests/e2e: up to 6.1 a change is told with the next, by whose cause
 * it then goes. */
struct fact {
	char verb[16];
	pid_t id;
	char kind[16];
	char way[4]; /* of foreign: "in" or "out" */
	int64_t bytes, slack;
};

struct check {
	const char *dir;
	char *report; /* -o of tare; snapshots stand beside it */
	pid_t tare;
	int tare_fd; /* pidfd */
	int watch;   /* inotify of dir */
	FILE *from;  /* the program's stdout */
	int to;      /* its stdin */
	int snapshots;
	GArray *facts;      /* struct fact */
	GHashTable *shares; /* pid -> pid: the second lives in the memory of the first */
	bool skipped;
};

static int wrongs;
static volatile pid_t to_kill;
static const char *volatile doing = "starting";

__attribute__((format(printf, 1, 2))) static void wrong(const char *fmt, ...)
{
	va_list ap;

	wrongs++;
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

/* The one deadline: whatever waits then has waited too long. Only calls that a
 * signal handler may make. */
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

/* /proc */

/* The number after `key` in a file of "Key:  N kB" lines, in bytes; -1 without. */
static int64_t kib_of(const char *text, const char *key)
{
	const char *at = strstr(text, key);

	return at ? strtoll(at + strlen(key), NULL, 10) * 1024 : -1;
}

static bool read_smaps(struct weight *w, int tid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/smaps_rollup", tid);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	w->rss = kib_of(text, "\nRss:");
	w->anon = kib_of(text, "\nAnonymous:");
	return w->rss >= 0 && w->anon >= 0;
}

static bool read_pagetable(struct weight *w, int tid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/status", tid);
	g_autofree char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return false;
	w->pagetable = kib_of(text, "\nVmPTE:");
	return w->pagetable >= 0;
}

/* By any thread that still has the memory: the first may have ended. */
static bool weigh(struct weight *w, pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/task", pid);
	GDir *dir = g_dir_open(path, 0, NULL);
	const char *name;
	bool ok = false;

	*w = (struct weight){ .pid = pid };
	while (dir && !ok && (name = g_dir_read_name(dir)))
		ok = read_smaps(w, atoi(name)) && read_pagetable(w, atoi(name));
	if (dir)
		g_dir_close(dir);
	return ok;
}

static pid_t parent_of(pid_t pid)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/stat", pid);
	g_autofree char *text = NULL;
	const char *end;
	int ppid = 0;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	end = strrchr(text, ')');
	if (end)
		sscanf(end + 1, " %*c %d", &ppid);
	return ppid;
}

/* All processes below tare that have memory, as struct weight. */
static GArray *weigh_all(pid_t tare)
{
	GArray *all = g_array_new(FALSE, TRUE, sizeof(struct weight));
	GDir *dir = g_dir_open("/proc", 0, NULL);
	const char *name;

	while (dir && (name = g_dir_read_name(dir))) {
		pid_t pid = atoi(name), up = pid > 0 ? parent_of(pid) : 0;
		struct weight w;

		while (up > 1 && up != tare)
			up = parent_of(up);
		if (up == tare && weigh(&w, pid))
			g_array_append_val(all, w);
	}
	if (dir)
		g_dir_close(dir);
	return all;
}

static bool same_weights(const GArray *a, const GArray *b)
{
	return a->len == b->len && !memcmp(a->data, b->data, a->len * sizeof(struct weight));
}

/* JSON */

/* The number at "balance/anon/net"; a path that isn't there is wrong. */
static int64_t num(const json_t *object, const char *path)
{
	g_auto(GStrv) keys = g_strsplit(path, "/", -1);
	const json_t *at = object;

	for (char **key = keys; *key; key++)
		at = json_object_get(at, *key);
	if (!json_is_integer(at))
		wrong("the report has no number %s", path);
	return json_integer_value(at);
}

__attribute__((format(printf, 2, 3))) static int64_t numf(const json_t *object, const char *fmt,
							  ...)
{
	g_autofree char *path = NULL;
	va_list ap;

	va_start(ap, fmt);
	path = g_strdup_vprintf(fmt, ap);
	va_end(ap);
	return num(object, path);
}

static bool alive(const json_t *object)
{
	return json_is_true(json_object_get(object, "alive"));
}

/* The process of a pid, the task of a tid: of several, the one that lives, else
 * the one that started last. */
static const json_t *better(const json_t *a, const json_t *b)
{
	if (!a || (alive(b) && !alive(a)))
		return b;
	return num(b, "start_ns") > num(a, "start_ns") && alive(a) == alive(b) ? b : a;
}

static const json_t *process_of(const json_t *report, pid_t pid)
{
	const json_t *found = NULL, *p;
	size_t i;

	json_array_foreach(json_object_get(report, "processes"), i, p) if (num(p, "pid") == pid)
		found = better(found, p);
	return found;
}

static const json_t *task_of(const json_t *report, pid_t tid)
{
	const json_t *found = NULL, *p, *t;
	size_t i, j;

	json_array_foreach(json_object_get(report, "processes"), i, p)
		json_array_foreach(json_object_get(p, "tasks"), j, t) if (num(t, "tid") == tid)
			found = better(found, t);
	return found;
}

/* What must hold in every report. */

static void check_equation(const json_t *process, const char *kind)
{
	int pid = (int)num(process, "pid");
	int64_t in = 0, out = 0, net = numf(process, "balance/%s/net", kind), sum;
	const json_t *task;
	size_t i;

	json_array_foreach(json_object_get(process, "tasks"), i, task)
	{
		in += numf(task, "%s/in", kind);
		out += numf(task, "%s/out", kind);
		if (numf(task, "%s/net", kind) !=
		    numf(task, "%s/in", kind) - numf(task, "%s/out", kind))
			wrong("pid %d: a task's %s net is not in - out", pid, kind);
	}
	if (in != numf(process, "balance/%s/in", kind) ||
	    out != numf(process, "balance/%s/out", kind))
		wrong("pid %d %s: tasks' in %" PRId64 " out %" PRId64 " are not the balance's", pid,
		      kind, in, out);
	sum = numf(process, "balance/%s/opening", kind) + in - out +
	      numf(process, "foreign/%s/in", kind) - numf(process, "foreign/%s/out", kind) +
	      numf(process, "unattributed/%s", kind);
	if (sum != net)
		wrong("pid %d %s: the entries sum to %" PRId64 ", net is %" PRId64, pid, kind, sum,
		      net);
	if (!alive(process) && net)
		wrong("pid %d %s: ended, but net is %" PRId64, pid, kind, net);
}

static void check_books(const json_t *report)
{
	const json_t *books = json_object_get(report, "books"), *process, *lost;
	const char *name;
	size_t i;

	if (!json_is_true(json_object_get(books, "balanced")))
		wrong("books are not balanced");
	if (num(books, "off_pages") || num(books, "mms_nonzero"))
		wrong("books: off_pages %" PRId64 ", mms_nonzero %" PRId64, num(books, "off_pages"),
		      num(books, "mms_nonzero"));
	json_object_foreach(json_object_get(report, "lost"), name,
			    lost) if (json_integer_value(lost))
		wrong("lost: %s %" PRId64, name, (int64_t)json_integer_value(lost));
	num(report, "lost/total");
	json_array_foreach(json_object_get(report, "processes"), i,
			   process) for (size_t k = 0; k < G_N_ELEMENTS(kinds); k++)
		check_equation(process, kinds[k]);
}

/* The snapshot against /proc. */

static int64_t net(const json_t *process, const char *kind)
{
	return process ? numf(process, "balance/%s/net", kind) : 0;
}

static void equal(pid_t pid, const char *what, int64_t tare, int64_t kernel)
{
	if (tare != kernel)
		wrong("pid %d %s: tare %" PRId64 ", kernel %" PRId64 " (off by %" PRId64 " pages)",
		      pid, what, tare, kernel, (tare - kernel) / 4096);
}

static void check_weight(const struct check *c, const json_t *report, const struct weight *w)
{
	const json_t *p = process_of(report, w->pid), *guest;
	gpointer other = g_hash_table_lookup(c->shares, GINT_TO_POINTER(w->pid));

	if (!p || !alive(p)) {
		wrong("pid %d lives, but the report has it %s", w->pid, p ? "ended" : "not at all");
		return;
	}
	guest = other ? process_of(report, GPOINTER_TO_INT(other)) : NULL;
	equal(w->pid, "anon", net(p, "anon") + net(guest, "anon"), w->anon);
	equal(w->pid, "file + shmem",
	      net(p, "file") + net(p, "shmem") + net(guest, "file") + net(guest, "shmem"),
	      w->rss - w->anon);
	equal(w->pid, "page tables", net(p, "pagetable") + net(guest, "pagetable"), w->pagetable);
}

static bool is_guest(const struct check *c, pid_t pid)
{
	GHashTableIter iter;
	gpointer guest;

	g_hash_table_iter_init(&iter, c->shares);
	while (g_hash_table_iter_next(&iter, NULL, &guest))
		if (GPOINTER_TO_INT(guest) == pid)
			return true;
	return false;
}

/* A process that the report calls alive and /proc has not would go unseen. */
static void check_weights(const struct check *c, const json_t *report, const GArray *all)
{
	const json_t *p;
	size_t i, live = 0;

	for (i = 0; i < all->len; i++) {
		const struct weight *w = &g_array_index(all, struct weight, i);

		if (!is_guest(c, w->pid))
			check_weight(c, report, w);
	}
	json_array_foreach(json_object_get(report, "processes"), i, p) live += alive(p);
	if (live != all->len)
		wrong("%zu processes live in the report, %u in /proc", live, all->len);
}

/* The program's own word. */

static bool fact_value(const json_t *report, const struct fact *f, int64_t *value)
{
	bool of_task = !strcmp(f->verb, "touched") || !strcmp(f->verb, "freed");
	const json_t *at = of_task ? task_of(report, f->id) : process_of(report, f->id);

	if (!at) {
		wrong("%s: the report has no %d", f->verb, f->id);
		return false;
	}
	if (!strcmp(f->verb, "touched"))
		*value = numf(at, "%s/in", f->kind);
	else if (!strcmp(f->verb, "freed"))
		*value = numf(at, "%s/out", f->kind);
	else if (!strcmp(f->verb, "inherited"))
		*value = numf(at, "balance/%s/opening", f->kind);
	else
		*value = numf(at, "foreign/%s/%s", f->kind, f->way);
	return true;
}

static void check_facts(const struct check *c, const json_t *report)
{
	for (size_t i = 0; i < c->facts->len; i++) {
		const struct fact *f = &g_array_index(c->facts, struct fact, i);
		int64_t value = 0;

		if (fact_value(report, f, &value) &&
		    (value < f->bytes || value > f->bytes + f->slack))
			wrong("%s %d %s: tare %" PRId64 ", the program %" PRId64 " (+ %" PRId64 ")",
			      f->verb, f->id, f->kind, value, f->bytes, f->slack);
	}
}

static void remember(struct check *c, const struct fact *new)
{
	for (size_t i = 0; i < c->facts->len; i++) {
		struct fact *f = &g_array_index(c->facts, struct fact, i);

		if (f->id == new->id && !strcmp(f->verb, new->verb) &&
		    !strcmp(f->kind, new->kind) && !strcmp(f->way, new->way)) {
			*f = *new;
			return;
		}
	}
	g_array_append_val(c->facts, *new);
}

static bool is_kind(const char *word)
{
	for (size_t i = 0; i < G_N_ELEMENTS(kinds); i++)
		if (!strcmp(word, kinds[i]))
			return true;
	return false;
}

/* "touched tid=7 anon=4096 shmem=0 slack=4096": a fact for each kind. */
static void learn(struct check *c, char **words)
{
	struct fact f = { 0 };

	g_strlcpy(f.verb, words[0], sizeof(f.verb));
	for (char **w = words + 1; *w; w++) {
		if (g_str_has_prefix(*w, "slack="))
			f.slack = strtoll(*w + 6, NULL, 10);
		else if (g_str_has_prefix(*w, "tid=") || g_str_has_prefix(*w, "pid="))
			f.id = atoi(*w + 4);
		else if (g_str_has_prefix(*w, "way="))
			g_strlcpy(f.way, *w + 4, sizeof(f.way));
	}
	for (char **w = words + 1; *w; w++) {
		g_auto(GStrv) pair = g_strsplit(*w, "=", 2);

		if (!pair[0] || !pair[1] || !is_kind(pair[0]))
			continue;
		g_strlcpy(f.kind, pair[0], sizeof(f.kind));
		f.bytes = strtoll(pair[1], NULL, 10);
		remember(c, &f);
	}
}

static void share(struct check *c, const char *line)
{
	int pid, guest;

	if (sscanf(line, "one_mm pid=%d pid2=%d", &pid, &guest) == 2)
		g_hash_table_insert(c->shares, GINT_TO_POINTER(pid), GINT_TO_POINTER(guest));
}

/* Running it. */

static json_t *load(const char *path)
{
	json_error_t error;
	json_t *report = json_load_file(path, 0, &error);

	if (!report)
		wrong("%s:%d: %s", path, error.line, error.text);
	return report;
}

/* Until the file is there, or tare is no more. */
static bool await(const struct check *c, const char *path)
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

static json_t *snapshot(struct check *c)
{
	g_autofree char *path = g_strdup_printf("%s/check.%d.json", c->dir, ++c->snapshots);
	json_t *report;

	doing = "waiting for a snapshot";
	kill(c->tare, SIGUSR1);
	if (!await(c, path)) {
		wrong("tare ended at a snapshot");
		return NULL;
	}
	report = load(path);
	unlink(path);
	return report;
}

/* A snapshot counts when /proc says the same before and after it: a task may
 * still be on its way to where it will stand. */
static void check_point(struct check *c, const char *name)
{
	int before_wrongs = wrongs;

	for (int i = 0; i < STILL_TRIES; i++) {
		g_autoptr(GArray) before = weigh_all(c->tare), after = NULL;
		json_t *report = snapshot(c);

		if (!report)
			return;
		after = weigh_all(c->tare);
		if (!same_weights(before, after) || !after->len) {
			json_decref(report);
			continue;
		}
		check_books(report);
		check_weights(c, report, after);
		check_facts(c, report);
		json_decref(report);
		if (wrongs > before_wrongs)
			printf("… at checkpoint %s, snapshot %d\n", name, c->snapshots);
		return;
	}
	wrong("checkpoint %s: the program does not stand still", name);
}

static void handle(struct check *c, char *line)
{
	g_auto(GStrv) words = g_strsplit(g_strchomp(line), " ", -1);
	static const char *const verbs[] = { "touched", "freed", "inherited", "foreign", NULL };

	if (!words[0])
		return;
	if (!strcmp(words[0], "checkpoint")) {
		check_point(c, words[1] ?: "");
		doing = "running the program";
		if (write(c->to, "\n", 1) != 1)
			wrong("the program left its checkpoint: %s", g_strerror(errno));
	} else if (!strcmp(words[0], "skip")) {
		c->skipped = true;
	} else if (!strcmp(words[0], "one_mm")) {
		share(c, line);
	} else if (g_strv_contains(verbs, words[0])) {
		learn(c, words);
	}
}

/* argv: TARE PROGRAM ARG… */
static void exec_tare(const struct check *c, const char *arm, char **argv, int in, int out)
{
	g_autofree char *log = g_strdup_printf("%s/check.log", c->dir);
	int err = open(log, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	GPtrArray *args = g_ptr_array_new();

	for (char *word, *const *w = (char *[]){ argv[0], "run", "-o", c->report, NULL };
	     (word = *w); w++)
		g_ptr_array_add(args, word);
	if (arm) {
		g_ptr_array_add(args, "--force-arm");
		g_ptr_array_add(args, (char *)arm);
	}
	g_ptr_array_add(args, "--");
	for (char **w = argv + 1; *w; w++)
		g_ptr_array_add(args, *w);
	g_ptr_array_add(args, NULL);
	signal(SIGPIPE, SIG_DFL);
	if (err < 0 || dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0)
		_exit(124);
	execv(argv[0], (char **)args->pdata);
	_exit(124);
}

static bool start(struct check *c, const char *arm, char **argv)
{
	int to[2], from[2];

	c->report = g_strdup_printf("%s/check.json", c->dir);
	unlink(c->report);
	c->facts = g_array_new(FALSE, TRUE, sizeof(struct fact));
	c->shares = g_hash_table_new(NULL, NULL);
	c->watch = inotify_init1(IN_CLOEXEC);
	if (pipe2(to, O_CLOEXEC) || pipe2(from, O_CLOEXEC) ||
	    inotify_add_watch(c->watch, c->dir, IN_CREATE | IN_MOVED_TO) < 0)
		return false;
	c->tare = fork();
	if (c->tare < 0)
		return false;
	if (!c->tare)
		exec_tare(c, arm, argv, to[0], from[1]);
	to_kill = c->tare;
	c->tare_fd = (int)syscall(SYS_pidfd_open, c->tare, 0);
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = fdopen(from[0], "r");
	return c->tare_fd >= 0 && c->from;
}

/* After the program's last word: the exit status and the last report. */
static void finish(struct check *c)
{
	json_t *report;
	int status;

	doing = "waiting for tare's end";
	close(c->to);
	waitpid(c->tare, &status, 0);
	to_kill = 0;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		wrong("tare ended with wait status %#x", status);
	report = load(c->report);
	if (!report)
		return;
	check_books(report);
	if (json_array_size(json_object_get(report, "processes")) == 0)
		wrong("the last report has no process");
	json_decref(report);
	if (!c->snapshots && !c->skipped)
		wrong("the program came to no checkpoint");
}

static void show_log(const struct check *c)
{
	g_autofree char *path = g_strdup_printf("%s/check.log", c->dir);
	g_autofree char *text = NULL;

	if (g_file_get_contents(path, &text, NULL, NULL) && *text)
		printf("tare and the program on stderr:\n%s", text);
}

int main(int argc, char **argv)
{
	struct check c = { .dir = "/tmp" };
	const char *arm = NULL;
	char line[4096];
	int opt;

	while ((opt = getopt(argc, argv, "+a:d:t:")) != -1) {
		if (opt == 'a')
			arm = optarg;
		else if (opt == 'd')
			c.dir = optarg;
		else if (opt == 't')
			alarm((unsigned)atoi(optarg));
		else
			return 2;
	}
	if (argc - optind < 2)
		return 2;
	setvbuf(stdout, NULL, _IOLBF, 0);
	signal(SIGALRM, too_late);
	signal(SIGPIPE, SIG_IGN);
	if (!start(&c, arm, argv + optind)) {
		perror("guest_check");
		return 1;
	}
	doing = "running the program";
	while (fgets(line, sizeof(line), c.from))
		handle(&c, line);
	finish(&c);
	if (wrongs)
		show_log(&c);
	return wrongs ? 1 : c.skipped ? 77 : 0;
}
