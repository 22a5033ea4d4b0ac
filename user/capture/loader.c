/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/loader.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <sys/mount.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/load.h"
#include "capture/loader_impl.h"

#define CACHE_LINE 64
#define PYTHONS 1024
#define PYTHON_FILES 256
#define PYTHON_CODES 16384 /* code objects, LRU: a dropped one is reported again */

static struct bpf_program *backend_program(struct tare_bpf *skel, enum counter_backend backend)
{
	switch (backend) {
	case BACKEND_PERCPU:
		return skel->progs.tare_rss_percpu;
	case BACKEND_COUNT:
		return skel->progs.tare_rss_count;
	default:
		return skel->progs.tare_rss_classic;
	}
}

/* The shape of mm->rss_stat; any backend may need sums of either shape. */
static enum tare_shape counter_shape(const struct features *f)
{
	const char *percpu = f->why_not[BACKEND_PERCPU], *count = f->why_not[BACKEND_COUNT];

	if (f->no_sums)
		return TARE_SHAPE_UNKNOWN;
	if (!percpu || f->found[FEATURE_BACKEND_PERCPU].refused)
		return TARE_SHAPE_PERCPU;
	return !count || f->found[FEATURE_BACKEND_COUNT].refused ? TARE_SHAPE_ATOMIC :
								   TARE_SHAPE_UNKNOWN;
}

static uint32_t power_of_two(uint64_t bytes)
{
	uint32_t size = sysconf(_SC_PAGESIZE);

	while (size < bytes && size < (1u << 30))
		size *= 2;
	return size;
}

/* Each CPU's slots have a cache line of their own, so that CPUs don't contend for one at every
 * update. On large machines that would take too much memory. Tests force that layout on small
 * ones. */
static uint32_t slots_size(unsigned cpus)
{
	return cpus <= 64 && g_strcmp0(secure_getenv("TARE_SLOTS"), "packed") ?
		       CACHE_LINE :
		       TARE_MEMBERS * sizeof(int32_t);
}

/* Leave out programs and maps that are not needed, or that the kernel is known to refuse. */
static void leave_out(struct loader *l)
{
	struct tare_bpf *skel = l->skel;
	const struct features *f = l->config->features;
	bool kmem = features_has(f, FEATURE_MEMCG_STATE);
	const struct {
		struct bpf_map *map;
		bool on;
	} maps[] = {
		{ skel->maps.tare_samples, l->sampling },
		{ skel->maps.tare_scratch, l->sampling },
		{ skel->maps.tare_pythons, l->python },
		{ skel->maps.tare_codes, l->python },
		{ skel->maps.tare_python_files, l->python },
		{ skel->maps.tare_mmids, l->backend == BACKEND_CLASSIC },
	};

	for (unsigned i = 0; i < G_N_ELEMENTS(maps); i++)
		bpf_map__set_autocreate(maps[i].map, maps[i].on);
	bpf_program__set_autoload(l->ledger, true);
	bpf_program__set_autoload(skel->progs.tare_exit_mmap, !f->exit_mmap_fexit);
	bpf_program__set_autoload(skel->progs.tare_exit_mmap_end, f->exit_mmap_fexit);
	bpf_program__set_autoload(skel->progs.tare_sys_exit, features_has(f, FEATURE_SYS_EXIT));
	bpf_program__set_autoload(skel->progs.tare_fault_kernel,
				  features_has(f, FEATURE_PAGE_FAULT_KERNEL));
	bpf_program__set_autoload(skel->progs.tare_rename, features_has(f, FEATURE_TASK_RENAME));
	bpf_program__set_autoload(skel->progs.tare_oom, features_has(f, FEATURE_OOM));
	bpf_program__set_autoload(skel->progs.tare_sum, features_has(f, FEATURE_SERIES));
	bpf_program__set_autoload(skel->progs.tare_kmem, kmem);
	bpf_program__set_autoload(skel->progs.tare_kmem_too, kmem);
	bpf_program__set_autoload(skel->progs.tare_vmalloc,
				  kmem && f->vmalloc_by_node && features_has(f, FEATURE_VMALLOC));
	/* Only v1 needs it; elsewhere it would only slow down each context switch. */
	bpf_program__set_autoload(skel->progs.tare_switch,
				  kmem && features_has(f, FEATURE_MEMCG_V1) &&
					  features_has(f, FEATURE_HIDDEN));
}

/* There are 1 << bits buckets of address spaces. */
static int size_maps(struct loader *l, uint32_t bits)
{
	const struct tare_bpf *skel = l->skel;
	const struct {
		struct bpf_map *map;
		uint32_t entries;
	} maps[] = {
		{ skel->maps.tare_mms, TARE_BUCKET << bits },
		{ skel->maps.tare_keys, 1u << bits },
		{ skel->maps.tare_mmids, l->config->max_mms },
		{ skel->maps.tare_pythons, PYTHONS },
		{ skel->maps.tare_python_files, PYTHON_FILES },
		{ skel->maps.tare_codes, PYTHON_CODES },
		{ skel->maps.tare_scratch, l->sampling ? l->cpus : 1 },
		{ skel->maps.tare_samples, skel->rodata->cfg_samples_ring },
		{ skel->maps.tare_ring, skel->rodata->cfg_ring },
	};
	int err = 0;

	for (unsigned i = 0; i < G_N_ELEMENTS(maps) && !err; i++)
		err = bpf_map__set_max_entries(maps[i].map, maps[i].entries);
	return err;
}

static int configure_skeleton(void *ctx, struct tare_bpf *skel)
{
	struct loader *l = ctx;
	const struct loader_config *config = l->config;
	const struct features *f = config->features;
	uint32_t slots = slots_size(l->cpus), mm_size = sizeof(struct tare_mm) + l->cpus * slots;
	uint32_t bits = 0;

	l->skel = skel;
	l->backend = config->backend_forced || !f->why_not[config->backend] ?
			     config->backend :
			     features_best_backend(f);
	l->sampling = config->period > 0 && features_has(f, FEATURE_SAMPLES);
	l->python = l->sampling && features_has(f, FEATURE_PYTHON);
	l->ledger = backend_program(skel, l->backend);
	/* An eighth more places than max_mms: one bucket may be full before the others. */
	while (((uint32_t)TARE_BUCKET << bits) < config->max_mms + config->max_mms / 8)
		bits++;
	skel->rodata->cfg_bucket_bits = bits;
	skel->rodata->cfg_cpus = l->cpus;
	skel->rodata->cfg_slots_size = slots;
	skel->rodata->cfg_backend = l->backend;
	skel->rodata->cfg_shape = counter_shape(f);
	skel->rodata->cfg_split = features_has(f, FEATURE_SPLIT_RSS);
	skel->rodata->cfg_no_children = config->no_children;
	skel->rodata->cfg_page_size = sysconf(_SC_PAGESIZE);
	skel->rodata->cfg_kmem = features_has(f, FEATURE_MEMCG_STATE);
	skel->rodata->cfg_slot_type = kernel_btf_id(&f->btf, "refcount_struct", BTF_KIND_STRUCT);
	skel->rodata->cfg_cgroup = f->memcg_v1  ? TARE_HIERARCHY_MEMORY :
				   f->cgroup_v2 ? TARE_HIERARCHY_UNIFIED :
						  TARE_HIERARCHY_NONE;
	skel->rodata->cfg_memcg_long = f->memcg_long;
	skel->rodata->cfg_ring = power_of_two(config->ring_bytes);
	skel->rodata->cfg_period = l->sampling ? config->period : 0;
	skel->rodata->cfg_python = l->python;
	skel->rodata->cfg_freeze = config->freeze;
	skel->rodata->cfg_stack = MIN(config->stack, TARE_STACK_MAX);
	skel->rodata->cfg_samples_ring = l->sampling ? power_of_two(config->samples_ring_bytes) :
						       sysconf(_SC_PAGESIZE);
	leave_out(l);
	return bpf_map__set_value_size(skel->maps.tare_mms, mm_size) ?: size_maps(l, bits);
}

/* Find the per-CPU offsets before the first event needs them. */
static int run_init(struct loader *l)
{
	LIBBPF_OPTS(bpf_test_run_opts, opts);
	int err = bpf_prog_test_run_opts(bpf_program__fd(l->skel->progs.tare_init), &opts);

	return err ? err : opts.retval ? -EFAULT : 0;
}

/* The classic backend is attached through tracefs. If tracefs is not mounted, mount it in a new
 * mount namespace: nobody else sees that mount, and it vanishes with tare. */
static int mount_tracefs(struct features *f)
{
	static const char at[] = "/sys/kernel/tracing";

	if (f->tracefs)
		return 0;
	if (unshare(CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) ||
	    mount("tracefs", at, "tracefs", 0, NULL))
		return -errno;
	f->tracefs = g_strdup(at); /* kept for later sessions of this process */
	return 0;
}

static int attach_programs(struct loader *l, const struct bpf_program **refused)
{
	struct bpf_program *prog;

	bpf_object__for_each_program(prog, l->skel->obj)
	{
		struct bpf_link *link;

		if (!bpf_program__autoload(prog) || prog == l->skel->progs.tare_init ||
		    prog == l->skel->progs.tare_weigh || prog == l->skel->progs.tare_sum ||
		    prog == l->skel->progs.tare_attach || prog == l->skel->progs.tare_sweep)
			continue;
		link = bpf_program__attach(prog);
		if (!link) {
			*refused = prog;
			return -errno;
		}
		g_ptr_array_add(l->links, link);
	}
	l->attach = bpf_program__attach_iter(l->skel->progs.tare_attach, NULL);
	l->sweep = bpf_program__attach_iter(l->skel->progs.tare_sweep, NULL);
	if (l->attach && l->sweep)
		return 0;
	*refused = l->attach ? l->skel->progs.tare_sweep : l->skel->progs.tare_attach;
	return -errno;
}

static void detach_programs(struct loader *l)
{
	bpf_link__destroy(l->attach);
	bpf_link__destroy(l->sweep);
	l->attach = l->sweep = NULL;
	while (l->links->len) /* last one first: then the kernel need not wait */
		g_ptr_array_remove_index(l->links, l->links->len - 1);
}

static void link_free(gpointer link)
{
	bpf_link__destroy(link);
}

/* Only attaching shows whether the kernel allows fexit programs. While no task is followed, the
 * program does nothing. */
static int try_fexit(struct loader *l, const struct bpf_program **refused)
{
	struct bpf_program *end = l->skel->progs.tare_exit_mmap_end;
	struct bpf_link *link = bpf_program__attach(end);

	if (!link) {
		*refused = end;
		return -errno;
	}
	bpf_link__destroy(link);
	return 0;
}

/* After loading: everything that must be done before the first event. */
static int begin_ledger(void *ctx, struct tare_bpf *skel, const struct bpf_program **refused)
{
	struct loader *l = ctx;
	int err;

	err = run_init(l);
	if (err) {
		*refused = skel->progs.tare_init;
		return err;
	}
	if (l->backend == BACKEND_CLASSIC && !l->config->trial) /* it is attached through tracefs */
		err = mount_tracefs(l->config->features);
	if (err) {
		*refused = l->ledger;
		return err;
	}
	if (l->config->trial)
		return l->config->features->exit_mmap_fexit ? try_fexit(l, refused) : 0;
	if (l->config->stats && l->stats_fd < 0)
		l->stats_fd = bpf_enable_stats(BPF_STATS_RUN_TIME);
	err = attach_programs(l, refused);
	if (err)
		detach_programs(l);
	return err;
}

int loader_open(struct loader **out, const struct loader_config *config)
{
	struct loader *l = g_new0(struct loader, 1);
	int cpus, err;

	cpus = libbpf_num_possible_cpus();
	if (cpus <= 0 || cpus > TARE_MAX_CPUS) {
		log_error("%d possible CPUs: tare knows 1 to %d", cpus, TARE_MAX_CPUS);
		g_free(l);
		return -ENOTSUP;
	}
	l->cpus = cpus;
	l->stats_fd = -1;
	l->links = g_ptr_array_new_with_free_func(link_free);
	l->config = config;
	err = load_programs(&l->skel, &(struct load_config){ config->features, configure_skeleton,
							     begin_ledger, l, config->quiet });
	l->config = NULL;
	if (err) {
		loader_close(l);
		return err;
	}
	*out = l;
	return 0;
}

void loader_close(struct loader *l)
{
	if (!l)
		return;
	detach_programs(l);
	g_ptr_array_unref(l->links);
	ring_close(l->ring);
	ring_close(l->samples);
	tare_bpf__destroy(l->skel);
	if (l->stats_fd >= 0)
		close(l->stats_fd);
	g_free(l->sweep_buffer);
	g_free(l);
}
