/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Features that are not in BTF: privileges, small programs and maps that the kernel accepts or
 * refuses, mounts, limits and settings.
 */
#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "base/static_libc.h"
#include "capture/cgroup_tree.h"
#include "capture/features.h"
#include "capture/mounts.h"
#include "capture/resources.h"

/* The text of a small file without its last newline; NULL: it can't be read. */
static char *read_text(const char *path)
{
	char *text = NULL;

	if (!g_file_get_contents(path, &text, NULL, NULL))
		return NULL;
	return g_strchomp(text);
}

/* Capabilities. */

static bool has_capability(cap_t caps, cap_value_t cap)
{
	cap_flag_value_t v = CAP_CLEAR;

	return caps && !cap_get_flag(caps, cap, CAP_EFFECTIVE, &v) && v == CAP_SET;
}

/* A feature needs all capabilities of the first list, or the one that includes them. 0 ends a list:
 * CAP_CHOWN (0) is not used here. */
static const struct {
	enum feature_id id;
	cap_value_t all[2];
	cap_value_t instead;
} capabilities[] = {
	{ FEATURE_PERFMON, { CAP_PERFMON }, CAP_SYS_ADMIN },
	{ FEATURE_PTRACE, { CAP_SYS_PTRACE }, 0 },
	{ FEATURE_SETID, { CAP_SETUID, CAP_SETGID }, 0 },
	{ FEATURE_KILL, { CAP_KILL }, 0 },
};

static void probe_capabilities(struct features *f, cap_t caps)
{
	for (size_t i = 0; i < G_N_ELEMENTS(capabilities); i++) {
		bool all = true;

		for (size_t j = 0; j < G_N_ELEMENTS(capabilities[i].all); j++)
			if (capabilities[i].all[j])
				all = all && has_capability(caps, capabilities[i].all[j]);
		if (!all && capabilities[i].instead)
			all = has_capability(caps, capabilities[i].instead);
		feature_set(f, capabilities[i].id, all ? FEATURE_YES : FEATURE_NO, "%s", "");
	}
}

/* Programs and maps that the kernel accepts or refuses. */

static int try_load(const struct bpf_insn *insns, size_t n)
{
	int fd = bpf_prog_load(BPF_PROG_TYPE_RAW_TRACEPOINT, "tare_trial", "GPL", insns, n, NULL);

	if (fd < 0)
		return -errno;
	close(fd);
	return 0;
}

static int try_smallest(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return try_load(insns, G_N_ELEMENTS(insns));
}

/* *(u64 *)(r10 - 8) = 0; r0 = 0; r0 = fetch_add(r10 - 8, r0); r0 = 0. */
static int try_fetch(void)
{
	const struct bpf_insn insns[] = {
		{ .code = BPF_ST | BPF_MEM | BPF_DW, .dst_reg = BPF_REG_10, .off = -8 },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_STX | BPF_ATOMIC | BPF_DW,
		  .dst_reg = BPF_REG_10,
		  .src_reg = BPF_REG_0,
		  .off = -8,
		  .imm = BPF_ADD | BPF_FETCH },
		{ .code = BPF_ALU64 | BPF_MOV | BPF_K, .dst_reg = BPF_REG_0 },
		{ .code = BPF_JMP | BPF_EXIT },
	};

	return try_load(insns, G_N_ELEMENTS(insns));
}

static bool in_user_namespace(void)
{
	g_autofree char *map = read_text("/proc/self/uid_map");
	unsigned inside, outside, count;

	return map && sscanf(map, "%u %u %u", &inside, &outside, &count) == 3 &&
	       (outside || count != G_MAXUINT32);
}

static bool under_seccomp(void)
{
	g_autofree char *status = read_text("/proc/self/status");

	return status && strstr(status, "\nSeccomp:\t2");
}

static const char *explain(int err, cap_t caps, bool seccomp)
{
	if (err == ENOSYS)
		return "kernel without CONFIG_BPF_SYSCALL, or a seccomp filter";
	if (err != EPERM && err != EACCES)
		return strerror(err);
	if (!has_capability(caps, CAP_SYS_ADMIN) && !has_capability(caps, CAP_BPF))
		return "EPERM: not root and without CAP_BPF";
	if (in_user_namespace())
		return "EPERM: capabilities of a user namespace do not count";
	if (seccomp)
		return "EPERM: a seccomp filter, as in containers, refuses bpf()";
	return "EPERM: refused by the kernel (a security module?)";
}

static void probe_bpf(struct features *f, cap_t caps)
{
	f->bpf_errno = -try_smallest();
	if (!f->bpf_errno) {
		feature_set(f, FEATURE_BPF, FEATURE_YES, "%s", "");
		return;
	}
	f->seccomp = under_seccomp();
	feature_set(f, FEATURE_BPF, FEATURE_NO, "%s", explain(f->bpf_errno, caps, f->seccomp));
}

/* The helper is missing under confidentiality lockdown, and without CAP_PERFMON. */
static void probe_kernel_read(struct features *f)
{
	int ret = libbpf_probe_bpf_helper(BPF_PROG_TYPE_RAW_TRACEPOINT, BPF_FUNC_probe_read_kernel,
					  NULL);

	if (ret > 0)
		feature_set(f, FEATURE_KERNEL_READ, FEATURE_YES, "%s", "");
	else
		feature_set(f, FEATURE_KERNEL_READ, FEATURE_NO, "%s",
			    ret < 0                          ? strerror(-ret) :
			    features_has(f, FEATURE_PERFMON) ? "forbidden by lockdown" :
							       "without CAP_PERFMON");
}

/* BTF shows that the kernel knows a type of map; only creating a map shows that it is built in. */
static void probe_map(struct features *f, enum feature_id id, enum bpf_map_type type)
{
	int ret = libbpf_probe_bpf_map_type(type, NULL);

	if (ret == 0)
		feature_set(f, id, FEATURE_NO, "not built into this kernel");
	else if (ret < 0)
		feature_set(f, id, FEATURE_NO, "%s", strerror(-ret));
}

static void probe_trials(struct features *f, cap_t caps)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* refusals are expected here */

	probe_bpf(f, caps);
	if (f->bpf_errno) {
		feature_set(f, FEATURE_KERNEL_READ, FEATURE_UNKNOWN, "needs bpf to see");
		feature_set(f, FEATURE_ATOMICS, FEATURE_UNKNOWN, "needs bpf to see");
	} else {
		probe_kernel_read(f);
		if (features_has(f, FEATURE_TASK_STORAGE))
			probe_map(f, FEATURE_TASK_STORAGE, BPF_MAP_TYPE_TASK_STORAGE);
		if (features_has(f, FEATURE_RINGBUF))
			probe_map(f, FEATURE_RINGBUF, BPF_MAP_TYPE_RINGBUF);
		feature_set(f, FEATURE_ATOMICS, try_fetch() ? FEATURE_NO : FEATURE_YES, "%s", "");
	}
	libbpf_set_print(print);
}

static int probe_btf(struct features *f, const char *file)
{
	libbpf_print_fn_t print = libbpf_set_print(NULL);
	int err = kernel_btf_open(&f->btf, file, features_wants_type);

	if (f->btf.btf)
		feature_set(f, FEATURE_BTF, FEATURE_YES, "%s",
			    file          ? file :
			    f->btf.hidden ? "of the kernel itself: it shows no " KERNEL_BTF :
					    "");
	else
		feature_set(f, FEATURE_BTF, FEATURE_NO, KERNEL_BTF ": %s", strerror(-err));
	libbpf_set_print(print);
	return err == -EINVAL ? err : 0;
}

/* Mounts, limits and settings. */

static const struct {
	enum feature_id id;
	const char *path;
} sysctls[] = {
	{ FEATURE_UNPRIVILEGED_BPF, "/proc/sys/kernel/unprivileged_bpf_disabled" },
	{ FEATURE_KPTR, "/proc/sys/kernel/kptr_restrict" },
	{ FEATURE_PERF_PARANOID, "/proc/sys/kernel/perf_event_paranoid" },
	{ FEATURE_PID_MAX, "/proc/sys/kernel/pid_max" },
	{ FEATURE_MAP_COUNT, "/proc/sys/vm/max_map_count" },
	{ FEATURE_LOCKDOWN, "/sys/kernel/security/lockdown" },
};

static void probe_sysctls(struct features *f)
{
	for (size_t i = 0; i < G_N_ELEMENTS(sysctls); i++) {
		g_autofree char *value = read_text(sysctls[i].path);

		if (value)
			feature_set(f, sysctls[i].id, FEATURE_INFO, "%s", value);
		else
			feature_set(f, sysctls[i].id, FEATURE_UNKNOWN, "no %s", sysctls[i].path);
	}
}

static void probe_debuginfod(struct features *f)
{
	const char *urls = getenv("DEBUGINFOD_URLS");

	g_autofree char *finder = IS_STATIC ? g_find_program_in_path("debuginfod-find") : NULL;
	bool set = urls && *urls;

	feature_set(f, FEATURE_DEBUGINFOD, FEATURE_INFO, "%s%s", set ? urls : "not set",
		    IS_STATIC && set && !finder ? "; debuginfod-find is not in PATH" : "");
}

static void probe_tracefs(struct features *f, cap_t caps, const char *mountinfo)
{
	g_autofree char *types = read_text("/proc/filesystems");

	f->tracefs = mounts_find(mountinfo, "tracefs", NULL);
	if (f->tracefs)
		feature_set(f, FEATURE_TRACEFS, FEATURE_YES, "%s", f->tracefs);
	else if (!types || !strstr(types, "\ttracefs\n"))
		feature_set(f, FEATURE_TRACEFS, FEATURE_NO, "kernel without tracefs");
	else if (has_capability(caps, CAP_SYS_ADMIN))
		feature_set(f, FEATURE_TRACEFS, FEATURE_PARTLY,
			    "not mounted; tare mounts it for itself");
	else
		feature_set(f, FEATURE_TRACEFS, FEATURE_NO, "not mounted, and may not mount it");
}

static void probe_memcg(struct features *f, const char *mountinfo)
{
	f->memcg_v1 = mounts_find(mountinfo, "cgroup", "memory");
	f->cgroup_v2 = mounts_find(mountinfo, "cgroup2", NULL);
	if (f->memcg_v1)
		feature_set(f, FEATURE_MEMCG_V1, FEATURE_YES, "%s", f->memcg_v1);
	else
		feature_set(f, FEATURE_MEMCG_V1, FEATURE_NO, "not mounted");
	if (!f->cgroup_v2) {
		feature_set(f, FEATURE_MEMCG_V2, FEATURE_NO, "not mounted");
		return;
	}
	if (folder_lists_memory(f->cgroup_v2, "cgroup.controllers"))
		feature_set(f, FEATURE_MEMCG_V2, FEATURE_YES, "%s", f->cgroup_v2);
	else
		feature_set(f, FEATURE_MEMCG_V2, FEATURE_NO, "%s is without `memory`",
			    f->cgroup_v2);
}

static void probe_slabinfo(struct features *f)
{
	bool readable = !access("/proc/slabinfo", R_OK);

	feature_set(f, FEATURE_SLABINFO, readable ? FEATURE_YES : FEATURE_NO, "%s",
		    readable ? "" : strerror(errno));
}

static void probe_machine(struct features *f, cap_t caps)
{
	g_autofree char *mountinfo = read_text("/proc/self/mountinfo");

	probe_sysctls(f);
	probe_debuginfod(f);
	probe_tracefs(f, caps, mountinfo ? mountinfo : "");
	probe_memcg(f, mountinfo ? mountinfo : "");
	probe_slabinfo(f);
	feature_set(f, FEATURE_PROGRAMS, FEATURE_UNKNOWN, "not tried");
	feature_set(f, FEATURE_OWN_CGROUP, FEATURE_UNKNOWN, "not tried");
	feature_set(f, FEATURE_ALL_TASKS, FEATURE_UNKNOWN, "not tried");
}

int features_probe(struct features *f, const char *btf)
{
	cap_t caps;
	int err = resources_prepare();

	memset(f, 0, sizeof(*f));
	if (err)
		return err;
	caps = cap_get_proc();
	err = probe_btf(f, btf);
	features_read_btf(f);
	probe_capabilities(f, caps);
	probe_machine(f, caps);
	probe_trials(f, caps);
	features_judge_backends(f);
	cap_free(caps);
	return err;
}

void features_free(struct features *f)
{
	if (!f)
		return;
	kernel_btf_close(&f->btf);
	g_free(f->tracefs);
	g_free(f->memcg_v1);
	g_free(f->cgroup_v2);
	memset(f, 0, sizeof(*f));
}
