/* SPDX-License-Identifier: GPL-2.0-only
 *
 * store/recording: recordings of random workloads with many changes are read back at every
 * checkpoint and are equal. No kernel is involved: processes come and go, with threads, stacks,
 * several ticks in one slot, hostile names and sizes, and limits so small that they are
 * reached.
 *
 * TARE_FUZZ=ROUNDS runs more seeds.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <sys/stat.h>

#include "model/books.h"
#include "output/output.h"
#include "store/recording.h"
#include "store/recording_load.h"
#include "tests/unit/churn.h"
#include "tests/unit/store_file.h"

#define STEPS 8

static int by_text(gconstpointer a, gconstpointer b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* The same report has the same text, whatever the order of its rows. */
static char *join(GPtrArray *lines)
{
	GString *text = g_string_new(NULL);

	g_ptr_array_sort(lines, by_text);
	for (unsigned i = 0; i < lines->len; i++)
		g_string_append_printf(text, "%s\n", (char *)lines->pdata[i]);
	g_ptr_array_unref(lines);
	return g_string_free(text, FALSE);
}

static const char *frame_text(const struct profile *p, uint32_t frame)
{
	return g_array_index(p->frames, struct profile_frame, frame).function;
}

static char *whose_text(const struct report *r, uint32_t process, uint32_t task)
{
	const struct report_process *p = r->processes->pdata[process];
	const struct report_task *t = task == UINT32_MAX ? NULL : p->tasks->pdata[task];

	return g_strdup_printf("%d %s %" G_GUINT64_FORMAT " / %d %s", p->pid, p->comm, p->start_ns,
			       t ? t->tid : -1, t ? t->comm : "");
}

static char *entry_text(const struct report *r, uint32_t number)
{
	const struct profile *p = r->profile;
	const struct profile_entry *e = &g_array_index(p->entries, struct profile_entry, number);
	g_autoptr(GArray) frames = g_array_new(FALSE, FALSE, sizeof(uint32_t));
	g_autofree char *whose = whose_text(r, e->process, e->task);
	GString *s = g_string_new(NULL);

	g_string_printf(s, "%s %u %s %d %s", whose, e->kind, profile_cause_name(p, e->cause) ?: "-",
			(int)e->mapping, e->mapping_label);
	g_string_append_printf(s,
			       " %" G_GUINT64_FORMAT " %" G_GINT64_FORMAT " %" G_GINT64_FORMAT
			       " %" G_GINT64_FORMAT " %u",
			       e->count, e->bytes[0], e->bytes[1], e->bytes[2], e->aggregate);
	profile_stack(p, e->node, frames);
	for (unsigned i = 0; i < frames->len; i++)
		g_string_append_printf(s, " < %s",
				       frame_text(p, g_array_index(frames, uint32_t, i)));
	return g_string_free(s, FALSE);
}

static char *profile_text(const struct report *r)
{
	const struct profile *p = r->profile;
	GPtrArray *lines = g_ptr_array_new_with_free_func(g_free);

	for (unsigned i = 0; i < p->entries->len; i++)
		g_ptr_array_add(lines, entry_text(r, i));
	for (unsigned i = 0; i < p->ticks->len; i++) {
		const struct profile_tick *t = &g_array_index(p->ticks, struct profile_tick, i);
		g_autofree char *entry = entry_text(r, t->entry);

		g_ptr_array_add(lines, g_strdup_printf("%u: %s %" G_GUINT64_FORMAT, t->slot, entry,
						       t->in));
	}
	for (unsigned i = 0; i < p->virtual->len; i++) {
		const struct profile_virtual *a =
			&g_array_index(p->virtual, struct profile_virtual, i);
		g_autofree char *whose = whose_text(r, a->process, a->task);

		g_ptr_array_add(lines, g_strdup_printf("asked %s %" G_GINT64_FORMAT " %s", whose,
						       a->bytes, a->mapping_label));
	}
	return join(lines);
}

#define COMPARE(a, b)              \
	do {                       \
		if ((a) < (b))     \
			return -1; \
		if ((a) > (b))     \
			return 1;  \
	} while (0)

/* Rows that are equal in the books may come in either order. */
static int task_by_all(gconstpointer a, gconstpointer b)
{
	const struct report_task *x = *(struct report_task *const *)a;
	const struct report_task *y = *(struct report_task *const *)b;

	COMPARE(x->tid, y->tid);
	COMPARE(x->start_ns, y->start_ns);
	COMPARE(x->count, y->count);
	for (int k = 0; k < TARE_KINDS; k++)
		COMPARE(x->flow[k].in, y->flow[k].in);
	return strcmp(x->comm, y->comm);
}

static int process_by_all(gconstpointer a, gconstpointer b)
{
	const struct report_process *x = *(struct report_process *const *)a;
	const struct report_process *y = *(struct report_process *const *)b;

	COMPARE(x->pid, y->pid);
	COMPARE(x->start_ns, y->start_ns);
	COMPARE(x->count, y->count);
	COMPARE(x->rss_peak, y->rss_peak);
	COMPARE(x->vm_peak, y->vm_peak);
	return strcmp(x->comm, y->comm);
}

static void sort_by_all(struct report *r)
{
	for (unsigned i = 0; i < r->processes->len; i++)
		g_ptr_array_sort(((struct report_process *)r->processes->pdata[i])->tasks,
				 task_by_all);
	g_ptr_array_sort(r->processes, process_by_all);
}

static void assert_sorted(const struct report *r)
{
	for (unsigned i = 1; i < r->processes->len; i++) {
		const struct report_process *a = r->processes->pdata[i - 1];
		const struct report_process *b = r->processes->pdata[i];

		assert_true(kinds_weight(a->at_peak) >= kinds_weight(b->at_peak));
	}
}

static bool not_recording(const struct report_feature *f)
{
	return strcmp(f->name, "recording");
}

/* Everything but the stacks as JSON in a fixed order, without the file's statements about
 * itself. */
static char *who_text(struct report *r)
{
	struct profile *profile = g_steal_pointer(&r->profile);
	char *json;

	for (unsigned i = r->features->len; i-- > 0;)
		if (!not_recording(r->features->pdata[i]))
			g_ptr_array_remove_index(r->features, i);
	json = json_render(r);
	r->profile = profile;
	return json;
}

static int64_t figure(const char *name)
{
	g_autofree char *sql = g_strdup_printf("SELECT value FROM figures WHERE name = '%s'", name);
	g_autofree char *value = query_text(sql);

	return g_ascii_strtoll(value, NULL, 10);
}

/* Compares the file's contents with what was written, thinned in the same way. */
static void check(struct sim *s, struct report *r, unsigned *same)
{
	g_autofree char *a = NULL, *b = NULL, *x = NULL, *y = NULL;
	struct report *got = NULL;
	struct stat st;

	if (recording_load_within(&got, file, &s->limits))
		fail_said("not loaded");
	g_free(said());
	assert_int_equal(stat(file, &st), 0);
	assert_true(st.st_size <= (off_t)s->max_size);
	if (!figure("thinned.texts") && !figure("thinned.sizes")) {
		assert_sorted(got);
		sort_by_all(r);
		sort_by_all(got);
		a = who_text(r);
		b = who_text(got);
		assert_same_text("who", a, b);
		assert_int_equal(!r->profile, !got->profile);
	}
	report_free(got);
	*same += a != NULL;
}

static void check_profile(struct sim *s, const struct report *r)
{
	g_autofree char *a = NULL, *b = NULL;
	struct report *got = NULL;

	if (figure("thinned.texts") || figure("thinned.sizes") || !r->profile)
		return;
	if (recording_load_within(&got, file, &s->limits))
		fail_said("not loaded");
	g_free(said());
	a = profile_text(r);
	b = profile_text(got);
	assert_same_text("stacks", a, b);
	report_free(got);
}

static void check_run(unsigned seed, unsigned *same)
{
	struct recording *rec = NULL;
	struct recording_config config;
	struct sim s;

	sim_begin(&s, seed);
	config = (struct recording_config){ .max_size = s.max_size, .limits = &s.limits };
	g_unlink(file);
	if (recording_create(&rec, file, &config))
		fail_said("not created");
	for (int i = 0; i < STEPS; i++) {
		struct report *r;

		step_once(&s);
		log_some(&s, rec);
		r = make_report(&s);
		if (recording_checkpoint(rec, r, i == STEPS - 1))
			fail_said("not written");
		check_profile(&s, r);
		check(&s, r, same);
		report_free(r);
	}
	recording_close(rec);
	sim_end(&s);
}

static void what_is_written_is_read(void **state)
{
	const char *more = g_getenv("TARE_FUZZ");
	unsigned rounds = more ? (unsigned)atoi(more) : 9, same = 0;

	(void)state;
	for (unsigned seed = 0; seed < rounds; seed++)
		check_run(seed, &same);
	/* Otherwise the test would only have shown that the file can be read. */
	assert_true(same > rounds * STEPS / 4);
}

int main(void)
{
#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		TEST(what_is_written_is_read),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
