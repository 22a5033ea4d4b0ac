/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints rounds of tare top made by hand: render_top FIXTURE json|csv|details|WIDTH [colour|ascii].
 * Without arguments it prints the fixtures' names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/top/top.h"

#define KIB 1024
#define MIB (1024 * KIB)
#define GIB (1024LL * MIB)
#define NS 1000000000ULL

static struct live_total total;
static GArray *rows;
static struct top_look look;

static char *cause_name(uint32_t id)
{
	return g_strdup(id == TARE_CAUSE_FAULT ? "page fault" : "brk");
}

static const char *owner_name(uint32_t uid)
{
	return uid == 0 ? "root" : uid == 1000 ? "a-rather-long-name" : NULL;
}

/* A row that grows by `growth` bytes a second. */
static struct live_row *add(pid_t pid, const char *name, int64_t anon, int64_t file, double growth)
{
	struct live_row row = {
		.id = (uint64_t)pid,
		.proc = (uint64_t)pid,
		.pid = pid,
		.ppid = 1,
		.name = name,
		.comm = "prog",
		.kind = { [TARE_ANON] = anon,
			  [TARE_FILE] = file,
			  [TARE_PAGETABLE] = 64 * KIB,
			  [TARE_KSTACK] = 16 * KIB },
		.cause = TARE_CAUSE_FAULT,
		.threads = 1,
		.processes = 1,
		.uid = 0,
		.cgroup = "/system.slice/redis-server.service",
	};

	row.now = (struct live_counts){ .user = kinds_user(row.kind),
					.kernel = kinds_kernel(row.kind),
					.in = 3 * (uint64_t)ABS(anon),
					.out = 2 * (uint64_t)ABS(anon),
					.faults = 1234567 };
	for (unsigned w = 0; w < LIVE_WINDOWS; w++)
		row.rate[w] = (struct live_rate){ .growth = growth,
						  .in = growth > 0 ? growth * 1.5 : 0,
						  .out = growth > 0 ? growth / 2 : -growth,
						  .faults = ABS(growth) / 4096 };
	g_array_append_val(rows, row);
	return &g_array_index(rows, struct live_row, rows->len - 1);
}

/* The sums that live_tick() would make. */
static void close_total(void)
{
	for (unsigned i = 0; i < rows->len; i++) {
		const struct live_row *r = &g_array_index(rows, struct live_row, i);

		for (unsigned k = 0; k < TARE_KINDS && !r->tid; k++)
			total.sum.kind[k] += r->kind[k];
		for (unsigned w = 0; w < LIVE_WINDOWS && !r->tid; w++) {
			total.sum.rate[w].growth += r->rate[w].growth;
			total.sum.rate[w].in += r->rate[w].in;
			total.sum.rate[w].out += r->rate[w].out;
			total.sum.rate[w].faults += r->rate[w].faults;
		}
		total.sum.processes += !r->tid;
		total.sum.threads += r->tid ? 0 : r->threads;
	}
	total.sum.now.user = kinds_user(total.sum.kind);
	total.sum.now.kernel = kinds_kernel(total.sum.kind);
}

/* A server that leaks in one of three threads, a job that shrinks, one that is still. */
static void server(void)
{
	struct live_row *r;

	r = add(4121, "python3 leak.py --threads 3", 812 * MIB, 12 * MIB, 10.0 * MIB);
	r->threads = 3;
	r->lasting = true;
	for (unsigned i = 0; i < 3; i++) {
		r = add(4121, i == 1 ? "leaker" : "idle", i == 1 ? 700 * MIB : -4 * KIB, 0,
			i == 1 ? 10.0 * MIB : 0);
		r->id = 5000 + i;
		r->tid = (pid_t)(4122 + i);
		r->depth = 1;
		r->cause = i == 1 ? TARE_CAUSE_FAULT : LIVE_NO_CAUSE;
	}
	r = add(977, "redis-server 127.0.0.1:6379", 3 * GIB, 8 * MIB, 12.0 * KIB);
	r->uid = 1000;
	r->threads = 5;
	r = add(31000, "cc1plus -quiet", 400 * MIB, 30 * MIB, -55.5 * MIB);
	r->cgroup = "/docker/0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
	r->uid = 4242;
	r = add(1, "init", 4 * MIB, 2 * MIB, 0);
	r->cause = LIVE_NO_CAUSE;
	r->uid = LIVE_NO_UID;
	r->cgroup = NULL;
	for (unsigned i = 0; i < 100; i++)
		total.curve[total.points++] = 4 * GIB + (i % 20) * (int64_t)i * MIB;
	total.born = 3;
	total.ended = 2;
}

/* The first look: no rates; and kernel memory by task. */
static void first(void)
{
	add(70, "sh -c 'sleep 5'", 100 * KIB, 600 * KIB, 0)->kind[TARE_KMEM] = 20 * KIB;
	memset(total.seconds, 0, sizeof(total.seconds));
	total.kmem = true;
	total.kmem_rest = 8 * KIB;
	total.points = 1;
	look.first = true;
	look.self_cpu = -1;
	look.kmem_why = NULL;
	look.target = "sh -c 'sleep 5'";
}

/* Names with control characters, wide letters, no name; large figures; everything odd at once. */
static void hostile(void)
{
	struct live_row *r;

	add(2147483647, "evil\033[2J\033]0;title\007\nname\xff", 9 * 1024 * GIB, 0, 9e12);
	r = add(12, "名前の長いプロセスがここにあります名前の長いプロセス", 1, 0, -9e12);
	r->cgroup = "/evil\033[31m\n.slice";
	r->comm = "=cmd|calc";
	r->cause = 7;
	r = add(13, "", -5 * MIB, 0, 0.4);
	r->comm = NULL;
	r->depth = 40;
	total.lost = 1234;
	look.slow = look.paused = true;
	look.target = "cgroup /evil\033[31m";
	look.record = "run.tare";
}

static void nothing(void)
{
}

/* The same server in a recording, a third of the way through. */
static void replayed(void)
{
	static int64_t weight[300];
	static struct top_timeline line = { .weight = weight, .n = 300, .at = 100 };

	server();
	for (unsigned i = 0; i < line.n; i++)
		weight[i] = 4 * GIB + (i % 150) * 10 * MIB;
	line.at_ns = 100 * NS;
	line.end_ns = 299 * NS;
	line.state = "playing";
	look.timeline = &line;
	look.target = "run.tare";
	look.self_cpu = -1;
	look.self_rss = look.memory = look.available = 0;
	look.kmem_why = "not in the recording";
}

static const struct {
	const char *name;
	void (*make)(void);
} fixtures[] = {
	{ "top-server", server }, { "top-first", first },     { "top-hostile", hostile },
	{ "top-empty", nothing }, { "top-replay", replayed },
};

static void begin(void)
{
	rows = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	total = (struct live_total){
		.ticks = 42,
		.now_ns = 300 * NS,
		.origin_ns = 100 * NS,
		.seconds = { 1.003, 10.01, 58.2 },
	};
	look = (struct top_look){
		.query = { .window = LIVE_10S },
		.target = "all processes",
		.interval_ns = NS,
		.self_cpu = 0.84,
		.self_rss = 18 * MIB,
		.memory = 16 * GIB,
		.available = 9 * GIB,
		.kmem_why = "the processes have only the root control group in common",
		.cause_name = cause_name,
		.owner_name = owner_name,
	};
}

static void add_details(GString *out)
{
	g_autoptr(GArray) threads = g_array_new(FALSE, FALSE, sizeof(struct live_row));
	g_autoptr(GArray) causes = g_array_new(FALSE, FALSE, sizeof(struct top_cause));
	g_autoptr(GArray) functions = g_array_new(FALSE, FALSE, sizeof(struct top_function));
	struct top_cause cause[] = { { TARE_CAUSE_FAULT, 100 * MIB, 900 * MIB, 120 * MIB },
				     { 12, 0, 4096, 0 } };
	struct top_function function[] = {
		{ (char *)"leak.py:7 leak", 99 * MIB, 118 * MIB, 700 * MIB },
		{ (char *)"evil\033[2J", TOP_NO_WINDOW, 0, 4 * MIB },
	};
	g_autoptr(GArray) mappings = g_array_new(FALSE, FALSE, sizeof(struct mapping));
	struct mapping mapping[] = { { (char *)"[anon]", 2 * GIB, 700 * MIB, 4 * MIB },
				     { (char *)"/lib/evil\033[2J.so", MIB, 8 * KIB, 0 } };
	struct top_details d = {
		.replay = look.timeline != NULL,
		.mappings = mappings,
		.mappings_why = rows->len > 1 ? NULL : "its /proc/PID/smaps can't be read",
		.opened_ns = 12 * NS,
		.threads = threads,
		.causes = causes,
		.functions = rows->len > 1 ? functions : NULL,
		.limit = rows->len > 1 ? GIB : 0,
		.limit_used = 900 * MIB,
		.limit_group = "redis-server.service",
	};

	if (rows->len > 1)
		g_array_append_vals(mappings, mapping, G_N_ELEMENTS(mapping));
	g_array_append_vals(causes, cause, G_N_ELEMENTS(cause));
	g_array_append_vals(functions, function, G_N_ELEMENTS(function));
	if (!rows->len)
		return;
	d.row = g_array_index(rows, struct live_row, 0);
	for (unsigned i = 0; i < rows->len; i++)
		if (g_array_index(rows, struct live_row, i).tid)
			g_array_append_vals(threads, &g_array_index(rows, struct live_row, i), 1);
	top_details(out, &total, &d, &look);
}

static void render(GString *out, int argc, char **argv)
{
	if (!strcmp(argv[0], "json")) {
		top_json(out, &total, rows, 0, &look);
	} else if (!strcmp(argv[0], "csv")) {
		top_csv_head(out);
		top_csv(out, &total, rows, 0, &look);
	} else {
		look.style.width = (unsigned)atoi(argv[0]);
		look.style.colour = argc > 1 && !strcmp(argv[1], "colour");
		if (argc > 1 && !strcmp(argv[1], "details"))
			add_details(out);
		else
			top_round(out, &total, rows, 0, &look);
		if (argc > 1 && !strcmp(argv[1], "ascii"))
			top_to_ascii(out);
	}
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++) {
		g_autoptr(GString) out = g_string_new(NULL);

		if (argc < 3) {
			puts(fixtures[i].name);
			continue;
		}
		if (strcmp(argv[1], fixtures[i].name))
			continue;
		begin();
		fixtures[i].make();
		close_total();
		render(out, argc - 2, argv + 2);
		fputs(out->str, stdout);
		g_array_unref(rows);
		return 0;
	}
	return argc < 3 ? 0 : 1;
}
