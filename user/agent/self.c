/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/self.h"

#include <errno.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "agent/metrics.h"
#include "agent/pprof.h"
#include "base/log.h"
#include "base/text.h"

#define NS 1000000000UL
#define AUDIT_NS (60 * NS)  /* between two comparisons with the kernel's counters */
#define AUDIT_TIMES 5       /* a difference counts that one process has so many times in a row */
#define AUDIT_SHARE 200     /* of CPU time: comparisons take at most one part of so many */
#define STALE_NS (10 * NS)  /* without a tick: ill */
#define RECENT_NS (60 * NS) /* so long a loss makes ill */
#define SHRINK_NS (10 * NS) /* between two calls that free memory */
#define NEAR(limit) ((limit) - (limit) / 8)
#define TRIM_NS (60 * NS)     /* between two looks at what malloc() holds and nobody uses … */
#define UNUSED_MOST (8 << 20) /* … which is given back when it is more */

static uint64_t clock_now(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return (uint64_t)t.tv_sec * NS + (uint64_t)t.tv_nsec;
}

/* A line of /proc/self/status, in bytes. 0: it is not there. */
static int64_t own_status(const char *name)
{
	g_autofree char *text = NULL;
	const char *line;

	if (!g_file_get_contents("/proc/self/status", &text, NULL, NULL))
		return 0;
	line = strstr(text, name);
	return line ? g_ascii_strtoll(line + strlen(name), NULL, 10) * 1024 : 0;
}

static int64_t own_rss(void)
{
	g_autofree char *text = NULL;
	const char *rss;

	if (!g_file_get_contents("/proc/self/statm", &text, NULL, NULL))
		return 0;
	rss = strchr(text, ' ');
	return rss ? g_ascii_strtoll(rss, NULL, 10) * sysconf(_SC_PAGESIZE) : 0;
}

void self_begin(struct agent *a)
{
	a->self.started_ns = agent_now_ns();
	a->self.started_epoch = g_get_real_time() / G_USEC_PER_SEC;
}

void self_end(struct agent *a)
{
	g_clear_pointer(&a->self.off_why, g_free);
	g_clear_pointer(&a->self.off, g_hash_table_unref);
}

static bool is_off(const struct report_process *p)
{
	for (int k = 0; k < TARE_MEMBERS; k++)
		if (p->balance[k].unattributed)
			return true;
	return false;
}

static void add_off(struct agent_self *s, GHashTable *now, uint64_t id, unsigned *most)
{
	unsigned times = s->off ? GPOINTER_TO_UINT(g_hash_table_lookup(s->off, &id)) + 1 : 1;

	g_hash_table_insert(now, g_memdup2(&id, sizeof(id)), GUINT_TO_POINTER(times));
	*most = MAX(*most, times);
}

/* Note whose books are off. Returns in how many comparisons in a row those of one process were. */
static unsigned note_off(struct agent_self *s, const struct report *r)
{
	GHashTable *now = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
	unsigned most = 0;

	for (unsigned i = 0; r->off_pages && i < r->processes->len; i++) {
		const struct report_process *p = r->processes->pdata[i];

		if (is_off(p))
			add_off(s, now, p->id, &most);
	}
	if (r->off_pages && !most) /* only the sum over all processes could be compared */
		add_off(s, now, 0, &most);
	g_clear_pointer(&s->off, g_hash_table_unref);
	s->off = now;
	return most;
}

/* Compare all sums with the kernel's own counters. A task that was preempted between a change and
 * its event looks like a difference until it runs again, and on a busy machine there is always one:
 * a real difference is that of one process, each time. */
static void audit(struct agent *a, uint64_t now)
{
	struct agent_self *s = &a->self;
	uint64_t began = clock_now(CLOCK_THREAD_CPUTIME_ID), took;
	g_autofree char *why = NULL;
	struct report *r;
	bool known;

	if (now < s->audit_ns)
		return;
	r = session_audit(a->session);
	/* Not for losses of long ago: what they changed ended with its process. */
	if (r->off_pages || r->malformed || r->mms_nonzero > s->nonzero)
		why = report_why_off(r);
	known = !why || note_off(s, r) >= AUDIT_TIMES || r->malformed ||
		r->mms_nonzero > s->nonzero;
	s->nonzero = MAX(s->nonzero, r->mms_nonzero);
	s->map_bytes = session_map_bytes(a->session);
	took = clock_now(CLOCK_THREAD_CPUTIME_ID) - began;
	s->audit_ns = MAX(now + took * AUDIT_SHARE, known ? now + AUDIT_NS : 0);
	if (known) {
		if (why && !s->off_why)
			log_warn("the books do not balance: %s", why);
		s->audits++;
		s->off_bytes = (int64_t)r->off_pages * sysconf(_SC_PAGESIZE);
		g_free(s->off_why);
		s->off_why = g_steal_pointer(&why);
	} else {
		log_verbose(1, "the books do not balance yet: %s", why);
	}
	if (!r->off_pages)
		g_clear_pointer(&s->off, g_hash_table_unref);
	report_free(r);
}

static void note_losses(struct agent_self *s, const struct books_input *in)
{
	uint64_t all = 0;

	for (unsigned i = 0; i < TARE_LOSSES; i++) {
		uint64_t more = in->workload.lost[i] - s->lost[i];

		all += in->workload.lost[i];
		if (more)
			log_warn("lost: %" G_GUINT64_FORMAT " %s", more, lost_name[i]);
	}
	memcpy(s->lost, in->workload.lost, sizeof(s->lost));
	if (all == s->lost_all)
		return;
	s->lost_all = all;
	s->lost_ns = in->now_ns;
}

/* Give back what is free. The black box locks tare's memory, and the kernel takes nothing back that
 * is locked: madvise(2), MADV_DONTNEED. */
static void trim(struct agent_self *s)
{
	bool locked = own_status("\nVmLck:") > 0;

	if (locked)
		munlockall();
	malloc_trim(0);
	if (locked && mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT))
		log_warn("tare's memory is not locked any more: %s", g_strerror(errno));
	s->rss = own_rss();
}

/* What thousands of threads took, that have ended since. */
static void give_back(struct agent_self *s, uint64_t now)
{
	if (now < s->trimmed_ns + TRIM_NS)
		return;
	s->trimmed_ns = now;
	if (mallinfo2().fordblks > UNUSED_MOST)
		trim(s);
}

/* Near the limit: what is free goes first, then what was measured in detail; sums stay. */
static void keep_within(struct agent *a, uint64_t now)
{
	struct agent_self *s = &a->self;
	uint64_t limit = a->config->memory;
	g_autofree char *had = NULL, *has = NULL;

	if ((uint64_t)s->rss < NEAR(limit) || now < s->shrunk_ns + SHRINK_NS)
		return;
	s->shrunk_ns = now;
	trim(s);
	if ((uint64_t)s->rss < NEAR(limit))
		return;
	had = text_size(s->rss);
	s->thinned++;
	pprof_shrink(a);
	groups_shrink(a);
	session_shrink(a->session);
	trim(s);
	has = text_size(s->rss);
	if (s->thinned == 1 || (uint64_t)s->rss >= limit)
		log_warn("near its memory limit with %s, tare gave up detail: now %s", had, has);
	if (s->thinned == 1)
		log_hint("memory = … in the configuration");
}

void self_tick(struct agent *a, const struct books_input *in, uint64_t began)
{
	struct agent_self *s = &a->self;
	uint64_t since = s->ticked_ns ? in->now_ns - s->ticked_ns : 0;

	if (since > AGENT_TICK_NS + AGENT_TICK_NS / 2)
		s->late += since / AGENT_TICK_NS;
	s->ticked_ns = in->now_ns;
	s->ticks++;
	note_losses(s, in);
	audit(a, in->now_ns);
	s->rss = own_rss();
	give_back(s, in->now_ns);
	keep_within(a, in->now_ns);
	s->cpu_ns = clock_now(CLOCK_PROCESS_CPUTIME_ID);
	s->tick_ns = clock_now(CLOCK_THREAD_CPUTIME_ID) - began;
}

char *self_why_ill(const struct agent *a)
{
	const struct agent_self *s = &a->self;
	uint64_t now = agent_now_ns(), since = s->ticked_ns ? s->ticked_ns : s->started_ns;
	GString *why = g_string_new(NULL);

	if (now - since > STALE_NS)
		g_string_append_printf(why, "no tick for %" G_GUINT64_FORMAT " s\n",
				       (now - since) / NS);
	if (s->lost_ns && now - s->lost_ns < RECENT_NS)
		g_string_append_printf(why,
				       "losses: %" G_GUINT64_FORMAT
				       " so far, the last %" G_GUINT64_FORMAT " s ago\n",
				       s->lost_all, (now - s->lost_ns) / NS);
	if (s->off_why)
		g_string_append_printf(why, "the books do not balance: %s\n", s->off_why);
	return g_string_free(why, why->len == 0);
}
