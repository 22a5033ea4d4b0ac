/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Features that the kernel's types show: which tracepoints exist and what they pass, the shape of
 * the RSS counters, which helpers and iterators exist. It reads nothing but BTF, so that tests with
 * a made-up BTF cover every backend on any kernel.
 */
#include <bpf/btf.h>
#include <stdlib.h>
#include <string.h>

#include "capture/features.h"

#define TRACEPOINT_TYPE "btf_trace_"
#define EXIT_MMAP "exit_mmap"

/* A tracepoint and how many arguments tare reads of it. The kernel declares
 * each as `typedef void (*btf_trace_NAME)(void *, arguments…)`. */
static const struct {
	enum feature_id id;
	const char *name;
	int args;
} tracepoints[] = {
	{ FEATURE_RSS_STAT, "rss_stat", 2 },
	{ FEATURE_EXIT_MMAP, "exit_mmap", 1 },
	{ FEATURE_TASK_NEWTASK, "task_newtask", 2 },
	{ FEATURE_PROCESS_EXEC, "sched_process_exec", 3 },
	{ FEATURE_PROCESS_EXIT, "sched_process_exit", 1 },
	{ FEATURE_PROCESS_FREE, "sched_process_free", 1 },
	{ FEATURE_TASK_RENAME, "task_rename", 2 },
	{ FEATURE_PAGE_FAULT_KERNEL, "page_fault_kernel", 3 },
	{ FEATURE_SYS_EXIT, "sys_exit", 2 },
	{ FEATURE_OOM, "mark_victim", 1 },
	{ FEATURE_MEMCG_STATE, "mod_memcg_state", 3 },
	{ FEATURE_MEMCG_LRUVEC_STATE, "mod_memcg_lruvec_state", 3 },
};

/* Features that exist if the kernel's enum has this value. */
static const struct {
	enum feature_id id;
	const char *in;
	const char *value;
} enumerators[] = {
	{ FEATURE_TASK_STORAGE, "bpf_map_type", "BPF_MAP_TYPE_TASK_STORAGE" },
	{ FEATURE_RINGBUF, "bpf_map_type", "BPF_MAP_TYPE_RINGBUF" },
	{ FEATURE_TASK_BTF, "bpf_func_id", "BPF_FUNC_get_current_task_btf" },
	{ FEATURE_TASK_PT_REGS, "bpf_func_id", "BPF_FUNC_task_pt_regs" },
	{ FEATURE_LOOP, "bpf_func_id", "BPF_FUNC_loop" },
	{ FEATURE_PERCPU_ELEM, "bpf_func_id", "BPF_FUNC_map_lookup_percpu_elem" },
};

/* Types that this file looks up, and the programs don't. */
static const char *const others[] = {
	"bpf_func_id",     "bpf_iter__task", "bpf_iter_task",   "bpf_map_type",
	"bpf_rdonly_cast", "exit_mmap",      "refcount_struct", "trace_event_raw_rss_stat",
};

/* Names of the programs' types, so of all kernel types that they look up too; sorted. */
static const char *const programs[] = {
#include "types.h"
};

static int by_name(const void *name, const void *at)
{
	return strcmp(name, *(const char *const *)at);
}

static bool is_tracepoint(const char *name)
{
	for (size_t i = 0; i < sizeof(tracepoints) / sizeof(*tracepoints); i++)
		if (!strcmp(name, tracepoints[i].name))
			return true;
	return !strcmp(name, "sched_switch");
}

bool features_wants_type(const char *name, uint32_t kind)
{
	size_t before = strlen(TRACEPOINT_TYPE);

	/* Half of all types are functions; to search the list for each would delay the start. */
	if (kind == BTF_KIND_FUNC && strncmp(name, "bpf_", 4) != 0 && strcmp(name, EXIT_MMAP) != 0)
		return false;
	if (!strncmp(name, TRACEPOINT_TYPE, before))
		return is_tracepoint(name + before);
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++)
		if (!strcmp(name, others[i]))
			return true;
	return bsearch(name, programs, sizeof(programs) / sizeof(*programs), sizeof(*programs),
		       by_name);
}

static const struct btf_type *plain_type(const struct btf *btf, __u32 id)
{
	const struct btf_type *t = btf__type_by_id(btf, id);

	while (t && (btf_is_mod(t) || btf_is_typedef(t) || btf_is_type_tag(t)))
		t = btf__type_by_id(btf, t->type);
	return t;
}

static const struct btf_type *find_struct(const struct btf *btf, const char *name)
{
	__s32 id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? btf__type_by_id(btf, id) : NULL;
}

/* Type of a member, also inside unnamed structs and unions; NULL: none. */
static const struct btf_type *find_member(const struct btf *btf, const struct btf_type *in,
					  const char *name)
{
	const struct btf_member *m = in ? btf_members(in) : NULL;

	for (int i = 0; in && i < btf_vlen(in); i++, m++) {
		const char *s = btf__name_by_offset(btf, m->name_off);
		const struct btf_type *t = plain_type(btf, m->type);

		if (!strcmp(s, name))
			return t;
		if (!*s && t && btf_is_composite(t)) {
			t = find_member(btf, t, name);
			if (t)
				return t;
		}
	}
	return NULL;
}

/* The prototype of a raw tracepoint; NULL: no such tracepoint. */
static const struct btf_type *tracepoint_proto(const struct btf *btf, const char *name)
{
	char typedef_name[64] = TRACEPOINT_TYPE;
	const struct btf_type *t;
	__s32 id;

	strncat(typedef_name, name, sizeof(typedef_name) - strlen(typedef_name) - 1);
	id = btf__find_by_name_kind(btf, typedef_name, BTF_KIND_TYPEDEF);
	t = id > 0 ? plain_type(btf, id) : NULL;
	t = t && btf_is_ptr(t) ? plain_type(btf, t->type) : NULL;
	return t && btf_is_func_proto(t) ? t : NULL;
}

/* Number of arguments, without the context pointer; negative: no such tracepoint. */
static int tracepoint_args(const struct btf *btf, const char *name)
{
	const struct btf_type *proto = tracepoint_proto(btf, name);

	return proto ? (int)btf_vlen(proto) - 1 : -1;
}

static bool has_enumerator(const struct btf *btf, const char *in, const char *value)
{
	__s32 id = btf__find_by_name_kind(btf, in, BTF_KIND_ENUM);
	const struct btf_type *t = id > 0 ? btf__type_by_id(btf, id) : NULL;

	for (int i = 0; t && i < btf_vlen(t); i++)
		if (!strcmp(btf__name_by_offset(btf, btf_enum(t)[i].name_off), value))
			return true;
	return false;
}

static void read_tracepoints(struct features *f)
{
	for (size_t i = 0; i < sizeof(tracepoints) / sizeof(*tracepoints); i++) {
		int args = tracepoint_args(f->btf.btf, tracepoints[i].name);

		if (args < 0)
			feature_set(f, tracepoints[i].id, FEATURE_NO,
				    "this kernel has no such event");
		else if (args < tracepoints[i].args)
			feature_set(f, tracepoints[i].id, FEATURE_NO, "passes %d of %d arguments",
				    args, tracepoints[i].args);
		else
			feature_set(f, tracepoints[i].id, FEATURE_YES, "%s", "");
	}
}

/* The tracepoint came with 6.1. On older kernels fexit of the function exit_mmap() serves as well;
 * only attaching shows whether the kernel allows it. */
static void read_exit_mmap(struct features *f)
{
	__s32 id = btf__find_by_name_kind(f->btf.btf, EXIT_MMAP, BTF_KIND_FUNC);

	f->exit_mmap_fexit = !features_has(f, FEATURE_EXIT_MMAP) && id > 0;
	if (f->exit_mmap_fexit)
		feature_set(f, FEATURE_EXIT_MMAP, FEATURE_PARTLY,
			    "no such event: fexit of the function");
}

/* mm_struct.rss_stat: 6.2 made it an array of percpu_counter (f1a7941243c1);
 * a counter of another shape must not be read as one. */
static void read_percpu(struct features *f)
{
	const struct btf_type *stat =
		find_member(f->btf.btf, find_struct(f->btf.btf, "mm_struct"), "rss_stat");
	const struct btf_type *counter =
		stat && btf_is_array(stat) ? plain_type(f->btf.btf, btf_array(stat)->type) : NULL;

	if (!features_has(f, FEATURE_RSS_STAT))
		feature_set(f, FEATURE_BACKEND_PERCPU, FEATURE_NO, "no rss_stat event");
	else if (!counter || !btf_is_struct(counter) ||
		 strcmp(btf__name_by_offset(f->btf.btf, counter->name_off), "percpu_counter"))
		feature_set(f, FEATURE_BACKEND_PERCPU, FEATURE_NO,
			    "mm_struct.rss_stat is no array of percpu_counter");
	else if (!find_member(f->btf.btf, counter, "count") ||
		 !find_member(f->btf.btf, counter, "counters"))
		feature_set(f, FEATURE_BACKEND_PERCPU, FEATURE_NO,
			    "percpu_counter has another shape here");
	else
		feature_set(f, FEATURE_BACKEND_PERCPU, FEATURE_YES, "%s", "");
}

/* The event passed the counter's new value up to 6.1, where mm_struct.rss_stat was one struct with
 * atomic counters. A newer kernel whose event passes some other number must not be taken for it. */
static void read_count(struct features *f)
{
	const struct btf_type *stat =
		find_member(f->btf.btf, find_struct(f->btf.btf, "mm_struct"), "rss_stat");
	const struct btf_type *proto = tracepoint_proto(f->btf.btf, "rss_stat");
	const struct btf_type *count = proto && btf_vlen(proto) > 3 ?
					       plain_type(f->btf.btf, btf_params(proto)[3].type) :
					       NULL;

	if (!count || !btf_is_int(count))
		feature_set(f, FEATURE_BACKEND_COUNT, FEATURE_NO, "rss_stat passes no count");
	else if (!stat || !btf_is_struct(stat) || !find_member(f->btf.btf, stat, "count"))
		feature_set(f, FEATURE_BACKEND_COUNT, FEATURE_NO,
			    "mm_struct.rss_stat has another shape here");
	else
		feature_set(f, FEATURE_BACKEND_COUNT, FEATURE_YES, "%s", "");
}

static void read_classic(struct features *f)
{
	const struct btf_type *event = find_struct(f->btf.btf, "trace_event_raw_rss_stat");

	if (find_member(f->btf.btf, event, "size") && find_member(f->btf.btf, event, "mm_id"))
		feature_set(f, FEATURE_BACKEND_CLASSIC, FEATURE_YES, "%s", "");
	else
		feature_set(f, FEATURE_BACKEND_CLASSIC, FEATURE_NO,
			    "the event has no mm_id and size");
}

/* 6.13 introduced it with an int as value; newer kernels pass a long. */
static void read_memcg(struct features *f)
{
	const struct btf_type *proto = tracepoint_proto(f->btf.btf, "mod_memcg_state");
	const struct btf_type *value = proto && btf_vlen(proto) > 3 ?
					       plain_type(f->btf.btf, btf_params(proto)[3].type) :
					       NULL;

	f->memcg_long = value && btf_is_int(value) && value->size == sizeof(__s64);
	if (!value || !btf_is_int(value))
		return;
	if (!has_enumerator(f->btf.btf, "memcg_stat_item", "MEMCG_KMEM"))
		feature_set(f, FEATURE_MEMCG_STATE, FEATURE_NO, "kernel without MEMCG_KMEM");
	/* Needed to find the task that an update in another control group belongs to. */
	if (!has_enumerator(f->btf.btf, "cgroup_subsys_id", "memory_cgrp_id"))
		feature_set(f, FEATURE_MEMCG_STATE, FEATURE_NO, "kernel without memory_cgrp_id");
	if (!has_enumerator(f->btf.btf, "memcg_stat_item", "MEMCG_SOCK"))
		feature_set(f, FEATURE_SOCK, FEATURE_NO, "kernel without MEMCG_SOCK");
}

/* c466412c73c3 (7.1) moved vmalloc from one tracepoint to the other: exactly one reports it. */
static void read_vmalloc(struct features *f)
{
	bool by_cgroup = has_enumerator(f->btf.btf, "memcg_stat_item", "MEMCG_VMALLOC");
	bool by_node = has_enumerator(f->btf.btf, "node_stat_item", "NR_VMALLOC");

	if (!features_has(f, FEATURE_MEMCG_STATE))
		feature_set(f, FEATURE_VMALLOC, FEATURE_NO, "without mod_memcg_state");
	else if (by_cgroup)
		feature_set(f, FEATURE_VMALLOC, FEATURE_YES, "by MEMCG_VMALLOC");
	else if (by_node && features_has(f, FEATURE_MEMCG_LRUVEC_STATE))
		feature_set(f, FEATURE_VMALLOC, FEATURE_YES, "by NR_VMALLOC");
	else
		feature_set(f, FEATURE_VMALLOC, FEATURE_NO,
			    "kernel without MEMCG_VMALLOC, and NR_VMALLOC with its event");
	f->vmalloc_by_node = !by_cgroup && features_has(f, FEATURE_VMALLOC);
}

/* Optional parts: on until loading shows that the kernel refuses them. */
static void expect_parts(struct features *f)
{
	static const enum feature_id parts[] = { FEATURE_SAMPLES, FEATURE_PYTHON, FEATURE_SERIES,
						 FEATURE_HIDDEN };

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		feature_set(f, parts[i], FEATURE_YES, "%s", "");
}

/* Is it found elsewhere than in BTF? */
static bool of_machine(enum feature_id id)
{
	return feature_text[id].area == AREA_ACCESS || feature_text[id].area == AREA_MACHINE ||
	       id == FEATURE_OWN_CGROUP || id == FEATURE_ALL_TASKS || id == FEATURE_MEMCG_V2 ||
	       id == FEATURE_MEMCG_V1 || id == FEATURE_SLABINFO;
}

static void read_nothing(struct features *f)
{
	for (int id = 0; id < FEATURES; id++)
		if (!of_machine(id))
			feature_set(f, id, FEATURE_UNKNOWN, "needs BTF to see");
}

void features_read_btf(struct features *f)
{
	if (!f->btf.btf) {
		read_nothing(f);
		return;
	}
	read_tracepoints(f);
	read_exit_mmap(f);
	read_percpu(f);
	read_count(f);
	read_classic(f);
	feature_set(f, FEATURE_SOCK, f->found[FEATURE_MEMCG_STATE].state, "%s", "");
	read_memcg(f);
	read_vmalloc(f);
	expect_parts(f);
	for (size_t i = 0; i < sizeof(enumerators) / sizeof(*enumerators); i++)
		feature_set(f, enumerators[i].id,
			    has_enumerator(f->btf.btf, enumerators[i].in, enumerators[i].value) ?
				    FEATURE_YES :
				    FEATURE_NO,
			    "%s", "");
	feature_set(f, FEATURE_ITER_TASK,
		    find_struct(f->btf.btf, "bpf_iter__task") ? FEATURE_YES : FEATURE_NO, "%s", "");
	feature_set(f, FEATURE_SPLIT_RSS,
		    find_member(f->btf.btf, find_struct(f->btf.btf, "task_struct"), "rss_stat") ?
			    FEATURE_YES :
			    FEATURE_NO,
		    "%s", "");
}
