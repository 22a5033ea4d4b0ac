/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Reads the counters of a memory control group from its files (kernel's
 * Documentation/admin-guide/cgroup-v2.rst and cgroup-v1/memory.rst). It must not know who made
 * the cgroup.
 */
#include <errno.h>
#include <string.h>

#include "capture/cgroup.h"
#include "capture/cgroup_tree.h"

/* memory.stat has some 70 lines of up to 50 bytes. */
#define STAT_SIZE 16384
#define VALUE_SIZE 64

/* Unlimited is 2^63 less a page on v1, "max" on v2. */
#define UNLIMITED (INT64_C(1) << 62)

/* The number at the begin of the text, up to the end of the line; "max" is not a number. */
static int64_t parse_value(const char *text)
{
	uint64_t value;
	char *end;

	if (!g_ascii_isdigit(*text))
		return CGROUP_UNKNOWN;
	errno = 0;
	value = g_ascii_strtoull(text, &end, 10);
	if (errno || value > INT64_MAX || (*end && *end != '\n'))
		return CGROUP_UNKNOWN;
	return value;
}

static int64_t read_value(const struct cgroup *cg, const char *name)
{
	char text[VALUE_SIZE];

	return folder_read_at(cg->dir, name, text, sizeof(text)) ? CGROUP_UNKNOWN :
								   parse_value(text);
}

int64_t cgroup_stat_value(const char *text, const char *name)
{
	size_t len = strlen(name);

	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (!strncmp(line, name, len) && line[len] == ' ')
			return parse_value(line + len + 1);
	}
	return CGROUP_UNKNOWN;
}

static int64_t add_known(int64_t a, int64_t b)
{
	return a == CGROUP_UNKNOWN || b == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : a + b;
}

/* The two may have been read at different moments; the result is at least 0. */
static int64_t subtract_known(int64_t a, int64_t b)
{
	return a == CGROUP_UNKNOWN || b == CGROUP_UNKNOWN ? CGROUP_UNKNOWN : MAX(a - b, 0);
}

static int64_t read_limit(const struct cgroup *cg, const char *name)
{
	int64_t limit = read_value(cg, name);

	return limit >= UNLIMITED ? CGROUP_UNKNOWN : limit;
}

/* A cgroup that does not count them also shows 0, and no limit: then they are unknown. */
static int64_t read_sock_v1(const struct cgroup *cg)
{
	int64_t sock = read_value(cg, "memory.kmem.tcp.usage_in_bytes");

	if (sock == 0 && !cg->sock &&
	    read_limit(cg, "memory.kmem.tcp.limit_in_bytes") == CGROUP_UNKNOWN)
		return CGROUP_UNKNOWN;
	return sock;
}

int64_t cgroup_read_current(const struct cgroup *cg)
{
	return read_value(cg, cg->version == 1 ? "memory.usage_in_bytes" : "memory.current");
}

int64_t cgroup_read_kernel(const struct cgroup *cg)
{
	char text[STAT_SIZE];

	if (cg->version == 1)
		return read_value(cg, "memory.kmem.usage_in_bytes");
	folder_read_at(cg->dir, "memory.stat", text, sizeof(text));
	return add_known(cgroup_stat_value(text, "kernel"), cgroup_stat_value(text, "sock"));
}

int64_t cgroup_read_sock(const struct cgroup *cg)
{
	char text[STAT_SIZE];

	if (cg->version == 1)
		return read_sock_v1(cg);
	folder_read_at(cg->dir, "memory.stat", text, sizeof(text));
	return cgroup_stat_value(text, "sock");
}

/* Lines without "total_" count the cgroup without its descendants. */
static void read_v1(const struct cgroup *cg, struct cgroup_counters *now)
{
	char text[STAT_SIZE];

	now->current = cgroup_read_current(cg);
	now->kernel = cgroup_read_kernel(cg);
	folder_read_at(cg->dir, "memory.stat", text, sizeof(text));
	now->stat[CGROUP_ANON] = cgroup_stat_value(text, "total_rss");
	now->stat[CGROUP_SHMEM] = cgroup_stat_value(text, "total_shmem");
	now->stat[CGROUP_FILE] =
		subtract_known(cgroup_stat_value(text, "total_cache"), now->stat[CGROUP_SHMEM]);
	now->stat[CGROUP_SWAP] = cgroup_stat_value(text, "total_swap");
	now->stat[CGROUP_SOCK] = read_sock_v1(cg);
}

static void read_v2(const struct cgroup *cg, struct cgroup_counters *now)
{
	static const struct {
		enum cgroup_stat stat;
		const char *name;
	} lines[] = {
		{ CGROUP_ANON, "anon" },
		{ CGROUP_SHMEM, "shmem" },
		{ CGROUP_PAGETABLES, "pagetables" },
		{ CGROUP_KERNEL_STACK, "kernel_stack" },
		{ CGROUP_SLAB_RECLAIMABLE, "slab_reclaimable" },
		{ CGROUP_SLAB_UNRECLAIMABLE, "slab_unreclaimable" },
		{ CGROUP_VMALLOC, "vmalloc" },
		{ CGROUP_PERCPU, "percpu" },
		{ CGROUP_SOCK, "sock" },
	};
	char text[STAT_SIZE];

	now->current = cgroup_read_current(cg);
	folder_read_at(cg->dir, "memory.stat", text, sizeof(text));
	now->kernel = cgroup_stat_value(text, "kernel");
	for (size_t i = 0; i < G_N_ELEMENTS(lines); i++)
		now->stat[lines[i].stat] = cgroup_stat_value(text, lines[i].name);
	now->stat[CGROUP_FILE] =
		subtract_known(cgroup_stat_value(text, "file"), now->stat[CGROUP_SHMEM]);
	now->stat[CGROUP_SWAP] = read_value(cg, "memory.swap.current");
}

void cgroup_read(const struct cgroup *cg, struct cgroup_counters *now)
{
	for (int i = 0; i < CGROUP_STATS; i++)
		now->stat[i] = CGROUP_UNKNOWN;
	if (cg->version == 1)
		read_v1(cg, now);
	else
		read_v2(cg, now);
}

void cgroup_describe(const struct cgroup *cg, struct report_cgroup *r)
{
	bool v1 = cg->version == 1;
	char text[STAT_SIZE];

	r->version = cg->version;
	r->path = g_strdup(cg->path);
	r->own = cg->own;
	cgroup_read(cg, &r->now);
	r->peak = read_value(cg, v1 ? "memory.max_usage_in_bytes" : "memory.peak");
	r->kernel_peak = v1 ? read_value(cg, "memory.kmem.max_usage_in_bytes") : CGROUP_UNKNOWN;
	r->limit = read_limit(cg, v1 ? "memory.limit_in_bytes" : "memory.max");
	folder_read_at(cg->dir, v1 ? "memory.oom_control" : "memory.events", text, sizeof(text));
	r->oom_kills = cgroup_stat_value(text, "oom_kill");
}
