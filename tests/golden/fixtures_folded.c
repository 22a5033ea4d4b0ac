/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A report with folded rows, each of which stands for many ended tasks, beside rows of single
 * tasks. Included by fixtures.c.
 */

/* Adds a row of `count` threads of this process that each took `each` bytes and gave them
 * back. */
static struct report_task *add_folded_task(struct report_process *p, const char *comm,
					   uint64_t count, int64_t each)
{
	struct report_task *t = add_task(p, 0, comm, 0);

	t->id = 1ULL << 63 | count;
	t->count = count;
	t->end_ns = p->alive ? 8 * SECOND : p->end_ns;
	add_flow(t, TARE_ANON, "page fault", (int64_t)count * each, 0);
	add_flow(t, TARE_ANON, "exit", 0, (int64_t)count * each);
	t->faults_user = count * (uint64_t)each / 4096;
	t->mapped = count * MIB;
	t->unmapped = count * MIB;
	t->in_spread = (struct report_spread){ each / 2, each, 3 * each };
	return t;
}

static struct report_process *add_folded(struct report *r, const char *comm, const char *parent,
					 uint64_t count, int64_t each)
{
	struct report_process *p = add_process(r, 0, 0, comm, "");

	g_clear_pointer(&p->exe, g_free);
	g_ptr_array_set_size(p->argv, 0);
	p->parent = g_strdup(parent);
	p->count = count;
	p->rss_peak = 3 * each;
	p->rss_peak_ns = 5 * SECOND;
	p->rss_peak_spread = (struct report_spread){ each / 2, each, 3 * each };
	add_folded_task(p, comm, count, each);
	return p;
}

static struct report_process *add_true(struct report *r, pid_t pid, int64_t size, int code)
{
	struct report_process *p = add_process(r, pid, 700, "true", "/bin/true");
	struct report_task *t = add_task(p, pid, "true", 0);

	add_flow(t, TARE_ANON, "page fault", size, 0);
	add_flow(t, TARE_ANON, "exit", 0, size);
	t->mapped = MIB;
	p->rss_peak = size;
	p->exit.code = code;
	p->parent = g_strdup("sh");
	return p;
}

static struct report *fixture_folded(void)
{
	struct report *r = fixture_new(9 * SECOND);
	struct report_process *p;
	struct report_task *t;

	add_words(r->command, "./serve --forks");
	set_level(r, KMEM_EVENTS);
	r->reason = REPORT_SNAPSHOT;
	r->exit.known = false;
	p = add_process(r, 700, 1, "sh", "sh serve");
	p->alive = true;
	p->exit.known = false;
	p->end_ns = 0;
	t = add_task(p, 700, "sh", 40 * MIB);
	t->alive = true;
	add_flow(t, TARE_ANON, "page fault", 40 * MIB, 0);
	for (int i = 1; i <= 3; i++) {
		g_autofree char *name = g_strdup_printf("worker-%d", i);

		t = add_task(p, 700 + i, name, 2 * MIB);
		t->alive = i > 1;
		t->end_ns = i > 1 ? 0 : 8 * SECOND;
		add_flow(t, TARE_ANON, "page fault", 2 * MIB, 0);
	}
	add_folded_task(p, "worker-*", 199997, 64 * KIB);
	add_folded_task(p, "log", 12, 8 * KIB);
	p->rss_peak = r->peak_rss = 46 * MIB;
	p->rss_peak_ns = r->peak_ns = 7 * SECOND;
	add_true(r, 1001, 4 * MIB, 0);
	add_true(r, 1002, 40 * KIB, 1);
	add_folded(r, "true", "sh", 19998, 1200 * KIB);
	p = add_folded(r, "conn-*", NULL, 3000, 5 * MIB);
	p->failed = 17;
	p->exit.known = false;
	((struct report_task *)p->tasks->pdata[0])->at_peak[TARE_ANON] = 4 * MIB;
	add_folded_task(p, "(other)", 6000, 4 * KIB);
	add_folded_task(p, "(lost records)", 12, 256 * KIB);
	r->lost[TARE_LOST_RECORD_TASK] = 12;
	r->mms_closed = 23000;
	for (int i = 0; i <= 90; i++)
		add_point(r, (uint64_t)i * 100 * MS, i * 512 * KIB, 3 * MIB);
	return sum_up(r);
}
