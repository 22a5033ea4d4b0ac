/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Fixture of the BPF tests. It loads the BPF programs by capture/loader, as tare does, keeps
 * the records that they send, and drives a child process. Commands and answers go through
 * pipes, so nothing here waits for a time to pass.
 */
#ifndef TARE_TEST_BPF_FIXTURE_H
#define TARE_TEST_BPF_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <bpf/bpf.h>
#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "bpf/ledger.h"
#include "capture/loader.h"

#define PAGE 4096

struct fixture {
	struct features features;
	struct loader *l;
	GByteArray *records; /* all records received, one after the other */
};

/* Finds the machine's features; a test may switch some off before it loads. */
static inline void fixture_probe(struct fixture *b)
{
	memset(b, 0, sizeof(*b));
	assert_int_equal(features_probe(&b->features, NULL), 0);
	b->records = g_byte_array_new();
}

static inline int fixture_load(struct fixture *b, struct loader_config config)
{
	config.features = &b->features;
	config.backend_forced = true;
	if (!config.max_mms)
		config.max_mms = 512;
	if (!config.ring_bytes)
		config.ring_bytes = 4 << 20;
	return loader_open(&b->l, &config);
}

static inline void fixture_open(struct fixture *b, struct loader_config config)
{
	fixture_probe(b);
	assert_int_equal(fixture_load(b, config), 0);
}

static inline void fixture_close(struct fixture *b)
{
	loader_close(b->l);
	features_free(&b->features);
	g_byte_array_unref(b->records);
	memset(b, 0, sizeof(*b));
}

static inline int fixture_take(void *ctx, const void *data, size_t size)
{
	g_byte_array_append(((struct fixture *)ctx)->records, data, size);
	return 0;
}

static inline void fixture_ring(struct fixture *b)
{
	assert_int_equal(loader_ring_open(b->l, fixture_take, b), 0);
}

/* The n-th record of a type; NULL if there are fewer. All records must be well formed. Sweeps
 * and the ring append to the same array. */
static inline const struct tare_record *fixture_record(const struct fixture *b, uint32_t type,
						       int n)
{
	const uint8_t *at = b->records->data, *end = at + b->records->len;

	while (at < end) {
		const struct tare_record *rec = (const void *)at;

		assert_true(end - at >= (ptrdiff_t)sizeof(*rec));
		assert_true(rec->size >= sizeof(*rec) && rec->size <= end - at);
		assert_in_range(rec->type, TARE_REC_TASK_NEW, TARE_REC_MM);
		if (rec->type == type && !n--)
			return rec;
		at += rec->size;
	}
	return NULL;
}

static inline int fixture_count(const struct fixture *b, uint32_t type)
{
	int n = 0;

	while (fixture_record(b, type, n))
		n++;
	return n;
}

static inline const struct tare_mm *fixture_mm(const struct fixture *b, uint32_t type, int n)
{
	const struct tare_record *rec = fixture_record(b, type, n);

	return rec ? &((const struct tare_mm_end *)rec)->mm : NULL;
}

static inline const struct tare_task *fixture_task(const struct fixture *b, uint32_t type, int n)
{
	const struct tare_record *rec = fixture_record(b, type, n);

	return rec ? (const struct tare_task *)(rec + 1) : NULL;
}

static inline void fixture_forget(struct fixture *b)
{
	g_byte_array_set_size(b->records, 0);
}

static inline void fixture_sweep(struct fixture *b)
{
	fixture_forget(b);
	assert_int_equal(loader_sweep(b->l, fixture_take, b), 0);
}

static inline uint64_t fixture_lost(const struct fixture *b, enum tare_lost what)
{
	struct tare_workload w;

	loader_workload(b->l, &w);
	return w.lost[what];
}

static inline void fixture_nothing_lost(const struct fixture *b)
{
	for (int i = 0; i < TARE_LOSSES; i++)
		assert_int_equal(fixture_lost(b, i), 0);
}

/* A map of tare's BPF programs, by name. */
static inline int fixture_map(const char *name, struct bpf_map_info *info)
{
	DIR *dir = opendir("/proc/self/fd");
	struct dirent *entry;
	int found = -1;

	while (found < 0 && (entry = readdir(dir))) {
		char path[300], target[64] = "";
		uint32_t len = sizeof(*info);

		snprintf(path, sizeof(path), "/proc/self/fd/%s", entry->d_name);
		if (readlink(path, target, sizeof(target) - 1) < 0 || !strstr(target, "bpf-map"))
			continue;
		memset(info, 0, sizeof(*info));
		if (!bpf_obj_get_info_by_fd(atoi(entry->d_name), info, &len) &&
		    !strcmp(info->name, name))
			found = atoi(entry->d_name);
	}
	closedir(dir);
	assert_true(found >= 0);
	return found;
}

/* Number of address spaces in the table. */
static inline int fixture_mms(void)
{
	struct bpf_map_info info;
	int fd = fixture_map("tare_mms", &info), n = 0;
	struct tare_mm *m = g_malloc(info.value_size);

	for (uint32_t at = 0; at < info.max_entries; at++) {
		assert_int_equal(bpf_map_lookup_elem(fd, &at, m), 0);
		n += !!m->key;
	}
	g_free(m);
	return n;
}

/* The child: it reads one letter as a command, and answers with one letter when it is done. */
struct child {
	pid_t pid;
	int to, from;
};

typedef void (*child_fn)(char command);

static inline void child_serve(int in, int out, child_fn serve)
{
	char command;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	while (read(in, &command, 1) == 1) {
		serve(command);
		if (write(out, &command, 1) != 1)
			break;
	}
	_exit(0);
}

static inline void child_start(struct child *c, child_fn serve)
{
	int to[2], from[2];

	assert_int_equal(pipe2(to, O_CLOEXEC), 0);
	assert_int_equal(pipe2(from, O_CLOEXEC), 0);
	fflush(NULL);
	c->pid = fork();
	assert_true(c->pid >= 0);
	if (!c->pid) {
		close(to[1]);
		close(from[0]);
		child_serve(to[0], from[1], serve);
	}
	close(to[0]);
	close(from[1]);
	c->to = to[1];
	c->from = from[0];
}

static inline void child_tell(const struct child *c, char command)
{
	char answer = 0;

	assert_int_equal(write(c->to, &command, 1), 1);
	assert_int_equal(read(c->from, &answer, 1), 1);
	assert_int_equal(answer, command);
}

/* Waits until the child waits for a command, so that everything after its answer is done too. */
static inline void child_settle(const struct child *c)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/syscall", c->pid);

	for (;;) {
		g_autofree char *text = NULL;

		assert_true(g_file_get_contents(path, &text, NULL, NULL));
		if (g_str_has_prefix(text, "0 ")) /* read() */
			return;
		sched_yield();
	}
}

/* Waits until execve has given it this name. */
static inline void child_becomes(pid_t pid, const char *comm)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/comm", pid);

	for (;;) {
		g_autofree char *text = NULL;

		assert_true(g_file_get_contents(path, &text, NULL, NULL));
		if (!strcmp(g_strchomp(text), comm))
			return;
		sched_yield();
	}
}

static inline void child_end(struct child *c)
{
	int status;

	close(c->to);
	close(c->from);
	assert_int_equal(waitpid(c->pid, &status, 0), c->pid);
	assert_int_equal(status, 0);
}

static int child_hold[2]; /* pipe that its own children wait on */

/* Run in the child: starts processes that stay until it releases them. */
static inline void child_holds(int n)
{
	if (pipe(child_hold))
		_exit(1);
	while (n--) {
		pid_t pid = fork();
		char c;

		if (pid < 0)
			_exit(1);
		if (!pid) {
			close(child_hold[1]);
			_exit(read(child_hold[0], &c, 1));
		}
	}
	close(child_hold[0]);
}

static inline void child_lets_go(void)
{
	close(child_hold[1]);
	while (wait(NULL) > 0)
		;
}

static inline void *child_nothing(void *arg)
{
	return arg;
}

/* Run in the child: threads that end at once, one after the other. */
static inline void child_churns(int n)
{
	while (n--) {
		pthread_t thread;

		if (pthread_create(&thread, NULL, child_nothing, NULL) ||
		    pthread_join(thread, NULL))
			_exit(1);
	}
}

/* Run in the child: processes that end at once, one after the other. */
static inline void child_forks(int n)
{
	while (n--) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(1);
	}
}

static inline void fixture_attach(struct fixture *b, pid_t pid)
{
	struct attach_request what = { .since_ns = UINT64_MAX };

	assert_int_equal(loader_target(b->l, pid), 0);
	assert_int_equal(loader_attach_tasks(b->l, &what), 1);
}

/* Starts a child that waits for its first command and is followed from there on. */
static inline void fixture_follow(struct fixture *b, struct child *c, child_fn serve)
{
	child_start(c, serve);
	child_settle(c);
	fixture_attach(b, c->pid);
}

/* A line of /proc/PID/FILE in kB, converted to pages. */
static inline int64_t proc_pages(pid_t pid, const char *file, const char *key)
{
	g_autofree char *path = g_strdup_printf("/proc/%d/%s", pid, file), *text = NULL;
	g_autofree char *line = g_strdup_printf("\n%s:", key);
	const char *at;

	assert_true(g_file_get_contents(path, &text, NULL, NULL));
	at = strstr(text, line);
	assert_non_null(at);
	return atoll(at + strlen(line)) * 1024 / PAGE;
}

#endif
