/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reports with a profile. The profile's entries are made first and the ledger's figures are
 * computed from them, so both agree, as model/profile.c guarantees. Included by fixtures.c.
 */
#include "model/profile.h"

#define PERIOD (64 * KIB)
#define SCALED (72 * KIB) /* bytes that a sample stands for, after scaling to the ledger */
#define SCALE_DOWN (64. / 72)

/* A frame from text: "function", "function module" or "function module file:line", followed by
 * flags: "k" kernel, "i" inlined, "g" by frame-pointer fallback, "m" synthetic, "-" none. */
static uint32_t profile_frame_of(struct profile *p, GHashTable *known, const char *text)
{
	g_auto(GStrv) part = g_strsplit(text, "|", -1);
	unsigned n = g_strv_length(part);
	gpointer found = g_hash_table_lookup(known, text);
	struct profile_frame f = { .function = g_strdup(part[0] ?: ""), .module = NO_MODULE };
	const char *flags = n > 2 ? part[2] : "", *line = n > 3 ? strrchr(part[3], ':') : NULL;

	if (found) {
		g_free(f.function);
		return GPOINTER_TO_UINT(found) - 1;
	}
	f.kernel = strchr(flags, 'k');
	f.inlined = strchr(flags, 'i');
	f.fallback = strchr(flags, 'g');
	f.synthetic = strchr(flags, 'm');
	if (n > 1 && *part[1])
		f.module = profile_module(p, part[1], f.kernel ? NULL : "c0ffee0123456789");
	if (line) {
		f.file = g_strndup(part[3], (gsize)(line - part[3]));
		f.line = atoi(line + 1);
	}
	f.address = f.kernel ? 0xffffffff81000000 + p->frames->len : 0x1000 + p->frames->len * 16;
	g_array_append_val(p->frames, f);
	g_hash_table_insert(known, g_strdup(text), GUINT_TO_POINTER(p->frames->len));
	return p->frames->len - 1;
}

static uint32_t profile_node_of(struct profile *p, uint32_t parent, uint32_t frame)
{
	struct stack_node node = { parent, frame };

	for (unsigned i = 0; i < p->nodes->len; i++) {
		const struct stack_node *n = &g_array_index(p->nodes, struct stack_node, i);

		if (n->parent == parent && n->frame == frame)
			return i;
	}
	g_array_append_val(p->nodes, node);
	return p->nodes->len - 1;
}

/* Frames are separated by ";", the outermost first. */
static uint32_t profile_stack_of(struct profile *p, GHashTable *known, const char *text)
{
	g_auto(GStrv) part = g_strsplit(text, ";", -1);
	uint32_t node = NO_NODE;

	for (char **f = part; *f; f++)
		node = profile_node_of(p, node, profile_frame_of(p, known, *f));
	return node;
}

/* Kernel stacks are never sampled: the ledger's amount is below a synthetic frame. */
static void profile_kstacks(struct profile *p, const struct report *r, uint32_t synthetic)
{
	for (unsigned i = 0; i < r->processes->len; i++) {
		const struct report_process *proc = r->processes->pdata[i];

		for (unsigned j = 0; j < proc->tasks->len; j++) {
			struct profile_entry e = {
				.process = i,
				.task = j,
				.kind = TARE_KSTACK,
				.cause = NO_CAUSE,
				.node = synthetic,
				.mapping_label = g_strdup("unknown"),
				.bytes = { STACK, STACK, STACK },
			};

			g_array_append_val(p->entries, e);
		}
	}
}

/* Computes the ledger's figures, the totals of the sample types, and the times: three tenths of
 * an entry come in one slot, the rest in another. What is freed before the end goes in the last
 * slot. */
static void profile_close(struct report *r, struct profile *p, unsigned slots)
{
	for (unsigned i = 0; i < p->entries->len; i++) {
		const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, i);
		struct report_process *proc = r->processes->pdata[e->process];
		struct report_task *t = proc->tasks->pdata[e->task];

		for (int k = 0; k < SAMPLE_TYPES; k++) {
			p->total[k] += e->bytes[k];
			p->sampled[k] += (double)e->bytes[k] * SCALE_DOWN;
		}
		p->samples += e->count;
		if (e->kind == TARE_KSTACK)
			continue;
		add_flow(t, e->kind, "page fault", e->bytes[SAMPLE_TYPE_GROWN],
			 e->bytes[SAMPLE_TYPE_GROWN] - e->bytes[SAMPLE_TYPE_LIVE_END]);
		t->at_peak[e->kind] += e->bytes[SAMPLE_TYPE_LIVE_PEAK];
		r->peak_rss += e->bytes[SAMPLE_TYPE_LIVE_PEAK];
		proc->rss_peak +=
			MAX(e->bytes[SAMPLE_TYPE_LIVE_PEAK], e->bytes[SAMPLE_TYPE_LIVE_END]);
		t->faults_user += (uint64_t)e->bytes[SAMPLE_TYPE_GROWN] / (4 * KIB);
	}
	for (unsigned slot = 0; slot < slots; slot++)
		for (unsigned i = 0; i < p->entries->len; i++) {
			const struct profile_entry *e =
				&g_array_index(p->entries, struct profile_entry, i);
			uint64_t all = e->count * p->period, some = all * 3 / 10;
			struct profile_tick t = { .slot = slot, .entry = i };

			if (slot == i * 7 % slots)
				t.in += some;
			if (slot == i * 5 / 3 % slots)
				t.in += all - some;
			if (slot == slots - 1 && e->bytes[SAMPLE_TYPE_GROWN])
				t.out = all - (uint64_t)((double)all *
							 (double)e->bytes[SAMPLE_TYPE_LIVE_END] /
							 (double)e->bytes[SAMPLE_TYPE_GROWN]);
			if (t.in || t.out)
				g_array_append_val(p->ticks, t);
		}
	p->complete = p->samples - p->samples / 20;
	p->truncated = p->samples - p->complete;
	p->start_ns = 20 * MS;
	p->slot_ns = r->duration_ns / slots - 2 * MS;
}

struct profile_row {
	uint32_t process, task, kind;
	const char *stack;
	enum mapping_kind mapping;
	const char *label;
	unsigned count; /* growth periods */
	unsigned peak, end;
};

static void profile_rows(struct profile *p, const struct profile_row *rows, unsigned n)
{
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	for (unsigned i = 0; i < n; i++) {
		const struct profile_row *row = &rows[i];
		struct profile_entry e = {
			.process = row->process,
			.task = row->task,
			.kind = row->kind,
			.cause = profile_cause(p, row->kind == TARE_FILE ? "read" : "page fault"),
			.node = profile_stack_of(p, known, row->stack),
			.mapping = row->mapping,
			.mapping_label = g_strdup(row->label),
			.count = row->count,
			.bytes = { row->count * SCALED, row->peak * SCALED, row->end * SCALED },
		};

		g_array_append_val(p->entries, e);
	}
}

#define MAIN "_start|/usr/bin/server;main|/usr/bin/server|-|/src/main.c:40;"
#define THREAD "start_thread|/usr/lib/libc.so.6|g;worker|/usr/bin/server|-|/src/worker.c:12;"
#define FAULT ";asm_exc_page_fault|[kernel]|k;do_anonymous_page|[kernel]|k"

static const struct profile_row server_rows[] = {
	{ 0, 0, TARE_ANON,
	  MAIN "load|/usr/bin/server|-|/src/load.c:9;malloc|/usr/lib/libc.so.6" FAULT, MAPPING_HEAP,
	  "heap", 240, 200, 160 },
	{ 0, 0, TARE_ANON,
	  MAIN "load|/usr/bin/server|-|/src/load.c:22;malloc|/usr/lib/libc.so.6" FAULT,
	  MAPPING_HEAP, "heap", 80, 80, 0 },
	{ 0, 0, TARE_FILE, MAIN "open_table|/usr/bin/server|i|/src/table.c:77", MAPPING_FILE,
	  "/var/lib/server/table.db", 120, 120, 120 },
	{ 0, 1, TARE_ANON,
	  THREAD "serve|/usr/bin/server|-|/src/serve.c:101;grow|/usr/bin/server|i|/src/vec.h:30",
	  MAPPING_ANON, "[anon:arena]", 300, 220, 200 },
	{ 0, 2, TARE_ANON,
	  THREAD "serve|/usr/bin/server|-|/src/serve.c:101;grow|/usr/bin/server|i|/src/vec.h:30",
	  MAPPING_ANON, "[anon:arena]", 260, 120, 100 },
	{ 0, 2, TARE_ANON,
	  THREAD "serve|/usr/bin/server|-|/src/serve.c:140;serve|/usr/bin/server|-|/src/serve.c:99",
	  MAPPING_STACK, "stack of worker", 20, 20, 20 },
	{ 0, 3, TARE_SHMEM, "[truncated]||m;flush|/usr/bin/server|-|/src/flush.c:5", MAPPING_SHM,
	  "/memfd:ring", 60, 40, 40 },
	{ 0, 3, TARE_ANON, "[no stack]||m", MAPPING_UNKNOWN, "unknown", 12, 4, 4 },
	{ 1, 0, TARE_ANON, "Function.compile|[jit];runtime|/usr/bin/helper", MAPPING_JIT,
	  "jit code", 64, 32, 64 },
};

/* Names that a program may choose to break a page. */
static const struct profile_row hostile_rows[] = {
	{ 0, 0, TARE_ANON,
	  "</script><script>globalThis.harmed = 1</script>|</style>|-|<b>.c:1;"
	  "right\u202eot tfel|/lib/<img src=x onerror=alert(1)>",
	  MAPPING_HEAP, "<!--<script>", 40, 30, 20 },
	{ 0, 1, TARE_ANON, "@TARE_DATA@ $& $1 %s|\xff\xfe;line\nfeed\t\x1b[31m|&lt;b&gt;",
	  MAPPING_FILE, "\u2028\u2029", 30, 20, 10 },
};

static struct report *profiled(struct report *r, const struct profile_row *rows, unsigned n)
{
	struct profile *p = r->profile = profile_new();
	g_autoptr(GHashTable) known = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);

	p->period = PERIOD;
	p->virtual_why = g_strdup("address space is not sampled by this version");
	profile_rows(p, rows, n);
	profile_kstacks(p, r, profile_stack_of(p, known, "[no sample]||m"));
	profile_close(r, p, 16);
	for (int i = 0; i <= 32; i++)
		add_point(r, (uint64_t)i * r->duration_ns / 32,
			  r->peak_rss / 32 * (i < 24 ? i * 4 / 3 : 32 - (i - 24) * 2),
			  MIN(i, 24) * STACK / 24);
	r->peak_ns = r->duration_ns * 3 / 4;
	return sum_up(r);
}

static struct report *fixture_profile(void)
{
	static const char *const names[] = { "server", "worker", "worker", "flusher" };
	struct report *r = fixture_new(3200 * MS);
	struct report_process *p = add_process(r, 500, 1, "server", "./server --port 80");
	struct report_process *helper = add_process(r, 510, 500, "helper", "helper");
	struct profile_virtual virtual = {
		0, 1, 0, 3, g_strdup("[anon:arena]"), 900, 900 * PERIOD, 640 * PERIOD
	};
	struct report *done;

	set_level(r, KMEM_NONE);
	r->started_ns = 1764107485000000000;
	add_words(r->command, "./server --port 80");
	for (int i = 0; i < 4; i++)
		add_task(p, 500 + i, names[i], 0)->alive = true;
	add_task(helper, 510, "helper", 0)->alive = true;
	p->alive = helper->alive = true;
	done = profiled(r, server_rows, G_N_ELEMENTS(server_rows));
	g_clear_pointer(&done->profile->virtual_why, g_free);
	g_array_append_val(done->profile->virtual, virtual);
	return done;
}

static struct report *fixture_profile_hostile(void)
{
	struct report *r = fixture_new(900 * MS);
	struct report_process *p = add_process(r, 7, 1, "</title><b>", "a");
	g_autofree char *longest = g_strnfill(4000, 'x');

	set_level(r, KMEM_NONE);
	add_words(r->command, "./</script><script>globalThis.harmed=1</script> \u202egnp.exe");
	add_task(p, 7, "\u202egnp.exe", 0)->alive = true;
	add_task(p, 8, longest, 0)->alive = true;
	p->alive = true;
	return profiled(r, hostile_rows, G_N_ELEMENTS(hostile_rows));
}
