/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports of the largest size that a page must handle: 100,000 different stacks of 1,000 threads
 * of one process ("large"), or of 1,000 processes of a build ("build"), in which each eighth
 * function is folded. They are the same each time. Included by make_pages.c.
 */
#define LARGE_THREADS 1000
#define LARGE_STACKS 100000
#define LARGE_INNER 30000
#define LARGE_FUNCTIONS 8000
#define LARGE_MODULES 60
#define LARGE_SLOTS 300

static uint32_t large_random(uint32_t below)
{
	static uint64_t state = 88172645463325252ULL;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return (uint32_t)((state >> 11) % below);
}

static void large_frames(struct profile *p, bool build)
{
	for (unsigned i = 0; i < LARGE_MODULES; i++) {
		g_autofree char *path =
			g_strdup_printf("/usr/lib/x86_64-linux-gnu/libpart%u.so", i);

		profile_module(p, path, "0123456789abcdef0123456789abcdef01234567");
	}
	for (unsigned i = 0; i < LARGE_FUNCTIONS; i++) {
		struct profile_frame f = {
			.function =
				g_strdup_printf("part%u::Component<Item%u>::process_%u(Context&)",
						i % LARGE_MODULES, i % 97, i),
			.file = g_strdup_printf("/src/part%u/component_%u.cc", i % LARGE_MODULES,
						i % 500),
			.line = 10 + (int)(i % 900),
			.module = i % LARGE_MODULES,
			.address = 0x1000 + i * 64,
			.inlined = i % 11 == 0,
			.fallback = i % 53 == 0,
			.fold = build && i % 8 == 7 ? FOLD_IN : FOLD_NOT,
		};

		f.via = f.fold == FOLD_IN ? g_strdup("malloc") : NULL;
		g_array_append_val(p->frames, f);
	}
}

/* Each caller is below one that was made earlier, mostly a recent one, so that some stacks are
 * deep. Then each stack gets a leaf. */
static void large_nodes(struct profile *p)
{
	for (unsigned i = 0; i < LARGE_INNER + LARGE_STACKS; i++) {
		struct stack_node n = { NO_NODE, large_random(LARGE_FUNCTIONS) };

		if (i >= LARGE_INNER)
			n.parent = large_random(LARGE_INNER);
		else if (i > 20)
			n.parent = large_random(4) ? i - 1 - large_random(20) : large_random(i);
		g_array_append_val(p->nodes, n);
	}
}

static void large_entries(struct profile *p, bool build)
{
	static const char *const labels[] = { "heap", "[anon:arena]", "[anon:glibc: malloc]",
					      "/usr/share/data.bin" };

	profile_cause(p, "page fault");
	profile_cause(p, "read");
	for (unsigned i = 0; i < LARGE_STACKS; i++) {
		unsigned count = 1 + large_random(6), mapping = large_random(4);
		unsigned one = large_random(LARGE_THREADS);
		struct profile_entry e = {
			.process = build ? one : 0,
			.task = build ? 0 : one,
			.kind = mapping == 3 ? TARE_FILE : TARE_ANON,
			.cause = mapping == 3,
			.node = LARGE_INNER + i,
			.mapping = mapping == 3 ? MAPPING_FILE :
				   mapping      ? MAPPING_ANON :
						  MAPPING_HEAP,
			.mapping_label = g_strdup(labels[mapping]),
			.count = count,
		};

		e.bytes[SAMPLE_TYPE_GROWN] = count * SCALED;
		e.bytes[SAMPLE_TYPE_LIVE_PEAK] = large_random(count + 1) * SCALED;
		e.bytes[SAMPLE_TYPE_LIVE_END] = large_random(count + 1) * SCALED;
		g_array_append_val(p->entries, e);
	}
}

static void large_tasks(struct report *r, bool build)
{
	struct report_process *proc = NULL;

	for (int i = 0; i < LARGE_THREADS; i++) {
		g_autofree char *name = g_strdup_printf(build ? "cc1plus" : "worker-%d", i);

		if (build || !proc) {
			g_autofree char *argv = g_strdup_printf(
				build ? "cc1plus -quiet part%d.cc" : "./large --threads 1000", i);

			proc = add_process(r, 1000 + i, 1, build ? "cc1plus" : "large", argv);
			proc->alive = !build;
		}
		add_task(proc, 1000 + i, name, 0)->alive = !build;
	}
}

static struct report *large_report(bool build)
{
	struct report *r = fixture_new(30 * SECOND);
	struct profile *p = r->profile = profile_new();

	set_level(r, KMEM_NONE);
	add_words(r->command, build ? "make -j8 all" : "./large --threads 1000");
	large_tasks(r, build);
	p->period = PERIOD;
	p->virtual_why = g_strdup("address space is not sampled by this version");
	large_frames(p, build);
	large_nodes(p);
	large_entries(p, build);
	profile_close(r, p, LARGE_SLOTS);
	for (int i = 0; i <= 300; i++)
		add_point(r, (uint64_t)i * 100 * MS, r->peak_rss / 300 * MIN(i, 220),
			  16 * MIB * i / 300);
	r->peak_ns = 22 * SECOND;
	return sum_up(r);
}
