/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Prints metrics made by hand: render_metrics FIXTURE text|openmetrics. Without arguments it prints
 * the fixtures' names.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output/metrics/metrics.h"
#include "tests/unit/records.h"

#define PAGE 4096
#define NS 1000000000ULL
#define ID "0a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718293a4b5c6d7e8f9"
#define POD_ "31dd4a9c_98a5_4a7c_9b4f_0f2f2f3d7c11"

static struct proctable *pt;
static struct live *live;
static struct groups *groups;
static struct books_input in;
static struct metrics_self self;

static char *cause_name(uint32_t id)
{
	return g_strdup(id == TARE_CAUSE_FAULT ? "page fault" :
			id == TARE_CAUSE_EXIT  ? "exit" :
						 "brk");
}

/* A process in this control group, that took so many pages in, and gave some back. */
static void process(uint64_t id, const char *comm, uint64_t cgroup, uint64_t pages)
{
	struct tare_task_new birth_rec = birth(id, id, (uint32_t)id, (uint32_t)id, comm);
	struct task_record rec = task_of(TARE_REC_TASK, id, id, (uint32_t)id);
	struct tare_mm_end mm = mm_of(TARE_REC_MM, id, id);

	birth_rec.cgroup = cgroup;
	proctable_record(pt, &birth_rec, sizeof(birth_rec));
	rec.head.size = ledger_record_size(2);
	rec.t.cgroup = cgroup;
	rec.t.faults = pages;
	rec.t.faults_major = pages / 100;
	rec.t.n_causes = 2;
	rec.t.causes[0] = (struct tare_cause){ TARE_CAUSE_FAULT, 1, { pages, 0 } };
	rec.t.causes[1] = (struct tare_cause){ 12, 1, { 0, pages / 4 } };
	rec.t.flow[TARE_ANON] = (struct tare_flow){ pages, pages / 4 };
	proctable_sweep(pt, &rec, rec.head.size, false);
	mm.mm.kernel[TARE_ANON] = (int64_t)(pages - pages / 4);
	mm.mm.kernel[TARE_FILE] = 100;
	mm.mm.kernel[TARE_SWAP] = 3;
	mm.mm.kernel[TARE_PAGETABLE] = 65536;
	proctable_sweep(pt, &mm, mm.head.size, false);
}

static void ended(uint64_t id, const char *comm, uint64_t cgroup, int exit_code)
{
	struct task_record rec = task_of(TARE_REC_TASK_END, id, id, (uint32_t)id);

	process(id, comm, cgroup, 200);
	rec.t.cgroup = cgroup;
	rec.t.flags = TARE_TASK_EXITING;
	rec.t.exit_code = exit_code;
	rec.t.n_causes = 0;
	proctable_record(pt, &rec, rec.head.size);
}

static void tick(void)
{
	in.now_ns += NS;
	live_tick(live, &in);
	groups_take(groups, live, &in);
}

static void begin(unsigned most, unsigned names)
{
	struct groups_limits limits = { most, names };

	pt = proctable_new(false);
	live = live_new();
	groups = groups_new(&limits, PAGE);
	pt->ends = groups_ends(groups);
	in = (struct books_input){ .proctable = pt,
				   .page_size = PAGE,
				   .sums_valid = true,
				   .origin_ns = 100 * NS,
				   .now_ns = 100 * NS,
				   .workload = { .stack_bytes = 16384 },
				   .kmem = { .by_cgroup = CGROUP_UNKNOWN } };
	self = (struct metrics_self){ .version = "1.2.3",
				      .backend = "percpu",
				      .started_epoch = 1790000000,
				      .cpu_ns = 1234567890,
				      .rss = 30 << 20,
				      .ticks = 100,
				      .tick_ns = 2500000,
				      .requests = 12,
				      .refused = 2,
				      .limits = limits };
}

/* Nothing lives yet. */
static void empty(void)
{
	begin(200, 20);
	tick();
}

/* All kinds of control groups and labels. */
static void fleet(void)
{
	struct group *group;

	begin(4, 2);
	process(1, "redis-server", 7, 25600);
	process(2, "worker-1", 8, 3000);
	process(3, "worker-2", 8, 4000);
	process(4, "evil\"\\\n", 8, 10);
	process(5, "more", 8, 5);
	tick();
	groups_know(groups, 7, "/system.slice/redis-server.service");
	groups_know(groups, 8,
		    "/kubepods.slice/kubepods-pod" POD_ ".slice/cri-containerd-" ID ".scope");
	process(6, "bash", 9, 100);
	process(7, "job", 10, 300);
	process(8, "late", 11, 50); /* no place is left */
	process(9, "nowhere", 0, 10);
	ended(10, "victim", 7, 9 | TARE_EXIT_OOM);
	tick();
	groups_know(groups, 9, "/user.slice/user-1000.slice/session-3.scope");
	groups_know(groups, 10, "/jobs/a \"b\\c");
	groups_gone(groups, 10);
	tick();
	group = groups_find(groups, 8);
	group->container = g_strdup("web");
	group->pod = g_strdup("web-7f9c");
	group->namespace = g_strdup("shop");
	group->kernel = (struct groups_kernel){ 1000000, 500000, 4096, 0, 300000 };
	groups_find(groups, 7)->kernel.other = 77000;
	self.audits = 3;
	self.balanced = false;
	self.off_bytes = 4096;
	self.lost[TARE_LOST_EVENT] = 5;
	self.maps = 8 << 20;
}

static const struct {
	const char *name;
	void (*make)(void);
} fixtures[] = { { "metrics-empty", empty }, { "metrics-fleet", fleet } };

static void print(const char *format)
{
	struct metrics_input input = {
		.groups = groups,
		.total = live_total(live),
		.self = &self,
		.kmem_why = "the processes have only the root control group in common",
		.cause_name = cause_name,
	};
	GString *text = g_string_new(NULL);

	metrics_render(text, &input, strcmp(format, "text") ? METRICS_OPENMETRICS : METRICS_TEXT);
	fputs(text->str, stdout);
	g_string_free(text, TRUE);
}

int main(int argc, char **argv)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++) {
		if (argc < 3) {
			puts(fixtures[i].name);
			continue;
		}
		if (strcmp(argv[1], fixtures[i].name) != 0)
			continue;
		fixtures[i].make();
		print(argv[2]);
		groups_free(groups);
		live_free(live);
		proctable_free(pt);
	}
	return 0;
}
