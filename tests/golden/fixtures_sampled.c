/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports with samples. Included by fixtures.c.
 */
#include "tests/golden/profiles.h"

#define SERVER "/usr/bin/server"
#define SERVER_ID "8a1f00c2d7b5e49300112233445566778899aabb"
#define LIBC "/usr/lib/x86_64-linux-gnu/libc.so.6"
#define LIBC_ID "51657f818beb1ae70372216a99b7412b8a100a20"

static uint32_t call_start(struct profile *p, const char *function, uint64_t address)
{
	struct code start = { "_start", .module = SERVER, .build_id = SERVER_ID,
			      .address = 0x1140 };
	struct code clone = { "clone3", .module = LIBC, .build_id = LIBC_ID, .address = 0x1108ff };
	struct code f = { function, "/src/server.c", 42, SERVER, SERVER_ID, .address = address };

	return add_node(p, add_node(p, NO_NODE, strcmp(function, "main") ? clone : start), f);
}

/* A function inlined in it has the same address. */
static uint32_t call_grow(struct profile *p, uint32_t from, int line)
{
	uint64_t address = 0x2300 + (uint64_t)line;
	struct code put = {
		"store_put", "/src/store.c", line, SERVER, SERVER_ID, .address = address
	};
	struct code grow = { "Store<int>::grow(unsigned long)",
			     "/src/store.h",
			     17,
			     SERVER,
			     SERVER_ID,
			     .address = address,
			     .inlined = true };
	struct code libc = { "[libc.so.6+0x9dfa0]", .module = LIBC, .build_id = LIBC_ID,
			     .address = 0x9e0b4 };

	return add_node(p, add_node(p, add_node(p, from, put), grow), libc);
}

/* `scale`: factor for the worker's growth; `drift`: bytes that main takes in addition. */
static void sampled_stacks(struct profile *p, int64_t scale, int64_t drift)
{
	uint32_t main = call_start(p, "main", 0x11f0), in = call_start(p, "worker", 0x1310);
	uint32_t put = call_grow(p, in, 88), more = call_grow(p, in, 120);
	uint32_t kernel = add_node(p, in,
				   (struct code){ "__x64_sys_mmap", .module = "[kernel]",
						  .address = 0xffffffff81234567, .kernel = true });

	add_sample(p,
		   (struct profile_entry){
			   0, 0, TARE_ANON, .node = call_grow(p, main, 88), .mapping = MAPPING_HEAP,
			   .bytes = { 20 * MIB + drift, 18 * MIB + drift, 12 * MIB } },
		   "page fault", "heap");
	add_sample(p,
		   (struct profile_entry){
			   0, 1, TARE_ANON, .node = put, .mapping = MAPPING_ANON,
			   .bytes = { 64 * MIB * scale, 40 * MIB * scale, 40 * MIB * scale } },
		   "page fault", "anonymous");
	add_sample(p,
		   (struct profile_entry){ 0, 1, TARE_ANON, .node = more, .mapping = MAPPING_ANON,
					   .bytes = { 8 * MIB, 4 * MIB, 0 } },
		   "page fault", "[anon:arena]");
	add_sample(p,
		   (struct profile_entry){ 0, 1, TARE_KMEM, .node = kernel,
					   .bytes = { 3 * MIB, 2 * MIB, 2 * MIB } },
		   "mmap", "unknown");
	add_sample(p,
		   (struct profile_entry){ 0, 2, TARE_FILE, .node = in, .mapping = MAPPING_FILE,
					   .bytes = { 6 * MIB, 6 * MIB, 6 * MIB } },
		   "read", "/var/lib/data.db");
	put_virtual(p,
		    (struct profile_virtual){ 0, 1, .node = put, .bytes = 256 * MIB * scale,
					      .untouched = 190 * MIB * scale },
		    "mmap", "anonymous");
	put_virtual(p, (struct profile_virtual){ 0, 0, .node = main, .bytes = 24 * MIB }, "brk",
		    "heap");
}

static struct report *sampled(pid_t pid, int64_t scale, int64_t drift, uint64_t period)
{
	struct report *r = fixture_new(8 * SECOND);
	struct report_process *p;
	struct report_task *t;

	add_words(r->command, "server --port 80");
	set_level(r, KMEM_EVENTS);
	r->reason = REPORT_SNAPSHOT;
	r->exit.known = false;
	r->started_ns = 1700000000123456000;
	p = add_process(r, pid, 1, "server", "server --port 80");
	p->alive = true;
	p->exit.known = false;
	p->end_ns = 0;
	t = add_task(p, pid, "server", 18 * MIB + 4 * KIB + drift);
	t->alive = true;
	add_flow(t, TARE_ANON, "page fault", 20 * MIB + 4 * KIB + drift, 8 * MIB + drift);
	t = add_task(p, pid + 1, "worker", (40 * scale + 4) * MIB);
	t->alive = true;
	add_flow(t, TARE_ANON, "page fault", (64 * scale + 8) * MIB, 24 * scale * MIB + 8 * MIB);
	t->flow[TARE_KMEM] = (struct flow){ 3 * MIB, 1 * MIB };
	t->at_peak[TARE_KMEM] = 2 * MIB;
	t = add_task(p, pid + 2, "log", 0);
	t->alive = true;
	t->at_peak[TARE_FILE] = 6 * MIB;
	add_flow(t, TARE_FILE, "read", 6 * MIB, 0);
	p->rss_peak = r->peak_rss = (68 + 40 * (scale - 1)) * MIB + 4 * KIB + drift;
	p->rss_peak_ns = r->peak_ns = 7 * SECOND;
	sum_up(r);
	r->profile = profile_new();
	r->profile->period = period;
	sampled_stacks(r->profile, scale, drift);
	enter_rests(r);
	return r;
}

static struct report *fixture_sampled(void)
{
	return sampled(500, 1, 0, 64 * KIB);
}

/* Names with a special meaning to the reader of the output: a terminal, a spreadsheet … */
static struct report *fixture_sampled_hostile(void)
{
	struct report *r = fixture_new(12 * MS);
	struct report_process *p = add_process(r, 31, 1, "=cmd|' /C calc'!A0", "./evil");
	struct report_task *t = add_task(p, 31, "@SUM(1,2)\n\"x\"", 3 * MIB);
	uint32_t at;

	set_level(r, KMEM_NONE);
	g_ptr_array_add(r->command, g_strdup("./evil\033]0;owned\007 \xff"));
	add_flow(t, TARE_ANON, "+1", 3 * MIB, 3 * MIB);
	t = add_task(p, 32, "", 0);
	add_flow(t, TARE_ANON, "page fault", 8 * KIB, 8 * KIB);
	p->rss_peak = r->peak_rss = 3 * MIB;
	sum_up(r);
	r->lost[TARE_LOST_MM] = 3;
	r->balanced = false;
	r->profile = profile_new();
	r->profile->period = 4 * KIB;
	r->profile->lost = (struct profile_loss){ 12, 99 * KIB, 1 };
	r->profile->thinned[0] = (struct profile_thinned){ 31, 248 * KIB, 33, 120 * MS, 340 * MS };
	r->profile->thinned[2] = (struct profile_thinned){ 2, 64 * KIB, 14, 130 * MS, 150 * MS };
	r->profile->mean_period = 11 * KIB;
	r->profile->virtual_why = g_strdup("no tracepoint\033[31m for it, \xff");
	at = add_node(r->profile, NO_NODE,
		      (struct code){ "a;b c\t\033[2J", "/a\nb/\"c\",d.c", -1, "", .address = 1 });
	at = add_node(r->profile, at,
		      (struct code){ "", .module = "/tmp/\xff\xfe (deleted)", .build_id = "00",
				     .address = UINT64_MAX });
	at = add_node(r->profile, at,
		      (struct code){ "-[Foo bar:]", .module = "[jit]", .inlined = true });
	add_sample(r->profile,
		   (struct profile_entry){ 0, 0, TARE_ANON, .node = at,
					   .bytes = { 2 * MIB, 1 * MIB, 0 } },
		   "+1", "@here");
	add_sample(r->profile,
		   (struct profile_entry){ 0, 1, TARE_ANON, .node = NO_NODE, .bytes = { 4 * KIB } },
		   "page fault", "");
	enter_rests(r);
	return r;
}
