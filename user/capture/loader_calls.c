/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Calls of loaded programs by user space: their rings, iterators and variables.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/loader_impl.h"
#include "capture/resources.h"

#define SWEEP_BUFFER (256 * 1024)

static int open_ring(struct ring **ring, int map, uint64_t size, const char *what)
{
	int err = ring_open(ring, map, size);

	if (err) {
		log_error("cannot map the ring of %s: %s", what, g_strerror(-err));
		resources_hint(err);
	}
	return err;
}

int loader_ring_open(struct loader *l, loader_record_fn fn, void *ctx)
{
	l->ring_fn = fn;
	l->ring_ctx = ctx;
	return open_ring(&l->ring, loader_ring_fd(l), loader_ring_bytes(l), "events");
}

int loader_ring_fd(const struct loader *l)
{
	return bpf_map__fd(l->skel->maps.tare_ring);
}

uint64_t loader_ring_bytes(const struct loader *l)
{
	return bpf_map__max_entries(l->skel->maps.tare_ring);
}

int loader_drain(struct loader *l)
{
	return ring_consume(l->ring, l->ring_fn, l->ring_ctx);
}

int loader_samples_open(struct loader *l, loader_record_fn fn, void *ctx)
{
	if (!l->sampling)
		return 0;
	l->samples_fn = fn;
	l->samples_ctx = ctx;
	return open_ring(&l->samples, bpf_map__fd(l->skel->maps.tare_samples),
			 loader_samples_bytes(l), "samples");
}

int loader_samples_fd(const struct loader *l)
{
	return l->samples ? bpf_map__fd(l->skel->maps.tare_samples) : -1;
}

uint64_t loader_samples_bytes(const struct loader *l)
{
	return bpf_map__max_entries(l->skel->maps.tare_samples);
}

int loader_samples_drain(struct loader *l)
{
	return l->samples ? ring_consume(l->samples, l->samples_fn, l->samples_ctx) : 0;
}

uint64_t loader_tasks(const struct loader *l)
{
	int64_t n = __atomic_load_n(&l->skel->bss->workload.stacks, __ATOMIC_RELAXED);

	return MAX(n, 0);
}

int loader_python(struct loader *l, uint64_t mm, const struct tare_python *python)
{
	const struct bpf_map *map = l->skel->maps.tare_pythons;

	if (!l->python)
		return 0;
	if (python)
		return bpf_map__update_elem(map, &mm, sizeof(mm), python, sizeof(*python), BPF_ANY);
	return bpf_map__delete_elem(map, &mm, sizeof(mm), 0);
}

int loader_python_file(struct loader *l, uint64_t inode, uint32_t dev,
		       const struct tare_python_file *file)
{
	const uint64_t key[] = { inode, dev }; /* struct python_file_key */

	if (!l->python)
		return 0;
	return bpf_map__update_elem(l->skel->maps.tare_python_files, key, sizeof(key), file,
				    sizeof(*file), BPF_ANY);
}

bool loader_samples(const struct loader *l)
{
	return l->sampling;
}

enum counter_backend loader_backend(const struct loader *l)
{
	return l->backend;
}

void loader_sampling(const struct loader *l, struct tare_sampling *s)
{
	*s = l->skel->bss->sampling;
}

int loader_target(struct loader *l, pid_t tgid)
{
	uint32_t key = tgid, one = 1;

	return bpf_map__update_elem(l->skel->maps.tare_targets, &key, sizeof(key), &one,
				    sizeof(one), BPF_ANY);
}

/* Run an iterator to its end; `fn` gets its output in buffers of whole records. */
static int run_iter(struct loader *l, struct bpf_link *link, loader_record_fn fn, void *ctx)
{
	int fd = bpf_iter_create(bpf_link__fd(link)), err = 0;
	ssize_t n;

	if (fd < 0)
		return -errno;
	if (!l->sweep_buffer)
		l->sweep_buffer = g_malloc(SWEEP_BUFFER);
	/* read() may return a part of the last record; the rest comes with the next read(). */
	size_t have = 0;

	while (!err && (n = read(fd, l->sweep_buffer + have, SWEEP_BUFFER - have)) != 0) {
		size_t whole = 0;

		if (n < 0) {
			if (errno == EINTR || errno == EAGAIN)
				continue;
			err = -errno;
			break;
		}
		have += n;
		while (have - whole >= sizeof(struct tare_record)) {
			const struct tare_record *rec = (void *)(l->sweep_buffer + whole);

			if (rec->size < sizeof(*rec) || rec->size > have - whole)
				break;
			whole += rec->size;
		}
		if (whole && fn)
			err = fn(ctx, l->sweep_buffer, whole);
		if (!whole && have == SWEEP_BUFFER)
			err = -EPROTO;
		memmove(l->sweep_buffer, l->sweep_buffer + whole, have - whole);
		have -= whole;
	}
	close(fd);
	return err;
}

int loader_attach_tasks(struct loader *l, const struct attach_request *what)
{
	struct tare_bpf__bss *bss = l->skel->bss;
	int err;

	bss->attach.all = what->all;
	bss->attach.held = what->held;
	bss->attach.except = what->except;
	bss->attach.since_ns = what->since_ns;
	bss->attach.found = 0;
	err = run_iter(l, l->attach, NULL, NULL);
	return err ? err : (int)bss->attach.found;
}

void loader_attaching(struct loader *l, bool on)
{
	__atomic_store_n(&l->skel->bss->workload.attaching, on, __ATOMIC_SEQ_CST);
}

int loader_sweep(struct loader *l, loader_record_fn fn, void *ctx)
{
	l->skel->bss->sweep.number++;
	return run_iter(l, l->sweep, fn, ctx);
}

int loader_ended(struct loader *l, void (*fn)(void *ctx, uint64_t proc, const struct tare_ended *e),
		 void *ctx)
{
	const struct tare_bpf__bss *bss = l->skel->bss;
	int fd = bpf_map__fd(l->skel->maps.tare_ended), err;
	uint64_t proc = 0;
	struct tare_ended e;

	/* Elements are never deleted, so the walk skips none and ends. */
	while (!(err = bpf_map_get_next_key(fd, proc ? &proc : NULL, &proc))) {
		err = bpf_map_lookup_elem(fd, &proc, &e);
		if (err)
			return err;
		fn(ctx, proc, &e);
	}
	e = bss->ended_rest;
	if (e.tasks || e.mms)
		fn(ctx, 0, &e);
	return err == -ENOENT ? 0 : err;
}

void loader_workload(const struct loader *l, struct tare_workload *w)
{
	*w = l->skel->bss->workload;
}

int loader_held(struct loader *l, struct tare_held *held)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(l->skel->progs.tare_sum), &opts);

	*held = l->skel->bss->held;
	return err;
}

void loader_watch(struct loader *l, uint64_t id, bool own, bool counted)
{
	struct tare_cgroup *g = &l->skel->bss->workload.cgroup;

	g->level = UINT32_MAX; /* the first event sets it */
	g->own = own;
	g->counted = counted;
	__atomic_store_n(&g->id, id, __ATOMIC_RELEASE);
}

bool loader_hidden(const struct loader *l, struct tare_hidden *h)
{
	*h = l->skel->bss->hidden;
	return bpf_program__autoload(l->skel->progs.tare_switch);
}

void loader_weigh(struct loader *l, int64_t more, int64_t sampled, int64_t drift)
{
	int64_t args[] = { more, sampled, drift };
	LIBBPF_OPTS(bpf_test_run_opts, opts, .ctx_in = args, .ctx_size_in = sizeof(args));

	if (bpf_prog_test_run_opts(bpf_program__fd(l->skel->progs.tare_weigh), &opts))
		log_verbose(1, "cannot add polled memory to the weight: %s", g_strerror(errno));
}

bool loader_sums_valid(const struct loader *l)
{
	return l->skel->rodata->cfg_shape != TARE_SHAPE_UNKNOWN;
}

/* A map's memory as the kernel charges it: "memlock:" of its fdinfo. */
static uint64_t map_memory(int fd)
{
	g_autofree char *path = g_strdup_printf("/proc/self/fdinfo/%d", fd);
	g_autofree char *text = NULL;
	const char *at;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return 0;
	at = strstr(text, "memlock:");
	return at ? g_ascii_strtoull(at + strlen("memlock:"), NULL, 10) : 0;
}

int loader_cost(const struct loader *l, struct loader_cost *cost)
{
	struct bpf_prog_info info = { 0 };
	uint32_t len = sizeof(info);
	struct bpf_map *map;

	memset(cost, 0, sizeof(*cost));
	bpf_object__for_each_map(map, l->skel->obj) if (bpf_map__autocreate(map))
		cost->map_bytes += map_memory(bpf_map__fd(map));
	if (bpf_obj_get_info_by_fd(bpf_program__fd(l->ledger), &info, &len))
		return -errno;
	cost->updates = info.run_cnt;
	cost->ns = info.run_time_ns;
	return 0;
}

void loader_thaw(struct loader *l)
{
	l->skel->bss->frozen_until = 0;
}
