/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/features.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <glib.h>
#include <linux/bpf.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/capability.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/cgroup.h"
#include "capture/hidden.h"
#include "capture/loader.h"
#include "capture/mounts.h"
#include "capture/resources.h"

#define CAPABILITIES "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_setuid,cap_setgid,cap_kill+ep"

void feature_set(struct features *f, enum feature_id id, enum feature_state state, const char *fmt,
		 ...)
{
	va_list args;

	va_start(args, fmt);
	f->found[id].state = state;
	vsnprintf(f->found[id].detail, sizeof(f->found[id].detail), fmt, args);
	va_end(args);
}

void feature_refused(struct features *f, enum feature_id id, const char *reason)
{
	feature_set(f, id, FEATURE_NO, "%s", reason);
	f->found[id].refused = true;
}

/* A small file's text without its last newline; NULL: not to be read. */
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

/* A feature that is there with all of up to two capabilities, or with one that
 * stands for them; 0 ends a list, as CAP_CHOWN (0) is of no use here. */
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

/* Trials. */

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

static const char *explain_errno(int err, cap_t caps)
{
	if (err == ENOSYS)
		return "kernel without CONFIG_BPF_SYSCALL, or a seccomp filter";
	if (err != EPERM && err != EACCES)
		return strerror(err);
	if (!has_capability(caps, CAP_SYS_ADMIN) && !has_capability(caps, CAP_BPF))
		return "EPERM: not root and without CAP_BPF";
	if (in_user_namespace())
		return "EPERM: capabilities of a user namespace do not count";
	if (under_seccomp())
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
	feature_set(f, FEATURE_BPF, FEATURE_NO, "%s", explain_errno(f->bpf_errno, caps));
}

/* Confidentiality lockdown and a missing CAP_PERFMON both take the helper away. */
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

/* BTF says that the kernel knows a kind of map; only creating one says that it
 * was built in. */
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
	libbpf_print_fn_t print = libbpf_set_print(NULL); /* refusals are no news here */

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

/* Machine. */

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

	feature_set(f, FEATURE_DEBUGINFOD, FEATURE_INFO, "%s", urls && *urls ? urls : "not set");
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
	g_autofree char *list = NULL;
	g_autofree char *controllers = NULL;
	g_auto(GStrv) names = NULL;

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
	list = g_strconcat(f->cgroup_v2, "/cgroup.controllers", NULL);
	controllers = read_text(list);
	names = g_strsplit(controllers ? controllers : "", " ", -1);
	if (g_strv_contains((const char *const *)names, "memory"))
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

static void try_cgroup(struct features *f)
{
	struct cgroup_config config = { .features = f };
	g_autofree char *why = NULL;
	struct cgroup *cg = NULL;

	if (cgroup_create(&cg, &config, &why))
		feature_set(f, FEATURE_OWN_CGROUP, FEATURE_NO, "%s", why ? why : "");
	else
		feature_set(f, FEATURE_OWN_CGROUP, FEATURE_YES, "v%u", cgroup_version(cg));
	cgroup_close(cg);
}

static void try_hidden(struct features *f)
{
	g_autofree char *who = NULL;
	int err = hidden_find(&f->btf, &who);

	if (err)
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_UNKNOWN, "%s", g_strerror(-err));
	else if (who)
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_NO, "none of %s", who);
	else
		feature_set(f, FEATURE_ALL_TASKS, FEATURE_YES, "who ran within %d ms", HIDDEN_MS);
}

/* What the ledger can do without and the kernel refuses is off then. */
static void try_programs(struct features *f)
{
	if (!loader_try(f))
		feature_set(f, FEATURE_PROGRAMS, FEATURE_YES, "loaded, nothing attached");
}

void features_try(struct features *f)
{
	try_cgroup(f);
	if (features_enough(f))
		try_programs(f);
	if (features_enough(f))
		try_hidden(f);
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

/* Verdicts. */

void features_judge_backends(struct features *f)
{
	static const enum feature_id row[BACKEND_NONE] = {
		[BACKEND_PERCPU] = FEATURE_BACKEND_PERCPU,
		[BACKEND_COUNT] = FEATURE_BACKEND_COUNT,
		[BACKEND_CLASSIC] = FEATURE_BACKEND_CLASSIC,
	};

	if (features_has(f, FEATURE_BACKEND_CLASSIC) && !features_has(f, FEATURE_TRACEFS))
		feature_set(f, FEATURE_BACKEND_CLASSIC, FEATURE_NO, "tracefs: %s",
			    f->found[FEATURE_TRACEFS].detail);
	for (int backend = 0; backend < BACKEND_NONE; backend++)
		f->why_not[backend] = features_has(f, row[backend]) ? NULL :
								      f->found[row[backend]].detail;
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

bool features_has(const struct features *f, enum feature_id id)
{
	return f->found[id].state == FEATURE_YES || f->found[id].state == FEATURE_PARTLY;
}

const char *features_why_not(const struct features *f, enum feature_id id, const char *missing)
{
	if (features_has(f, id))
		return NULL;
	return f->found[id].refused ? f->found[id].detail : missing;
}

enum counter_backend features_best_backend(const struct features *f)
{
	int backend = 0;

	while (backend < BACKEND_NONE && f->why_not[backend])
		backend++;
	return backend;
}

static bool is_missing(const struct features *f, enum feature_id id)
{
	return feature_text[id].required && f->found[id].state == FEATURE_NO;
}

bool features_enough(const struct features *f)
{
	for (int id = 0; id < FEATURES; id++)
		if (is_missing(f, id))
			return false;
	return features_best_backend(f) != BACKEND_NONE;
}

static void say_missing(const struct features *f, enum feature_id id)
{
	const char *detail = f->found[id].detail, *mend_text = feature_text[id].mend;
	g_auto(GStrv) mends = g_strsplit(mend_text ? mend_text : "", FEATURE_OR, -1);

	log_error("%s: %s%s%s", feature_text[id].name, feature_text[id].without,
		  *detail ? ": " : "", detail);
	for (char **mend = mends; *mend; mend++)
		log_hint("%s", *mend);
}

static int refuse_unprivileged(const struct features *f)
{
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	log_error("not allowed to use BPF: %s",
		  f->bpf_errno ? f->found[FEATURE_BPF].detail : "without CAP_PERFMON");
	if (f->bpf_errno && under_seccomp()) {
		log_hint("outside of the container, or with a seccomp profile that allows bpf(2)");
		return -EPERM;
	}
	log_hint("sudo tare ...");
	log_hint("sudo setcap %s %s", CAPABILITIES, self ? self : "tare");
	return -EPERM;
}

int features_check(const struct features *f)
{
	int ret = 0;

	if (f->bpf_errno == EPERM || f->bpf_errno == EACCES || is_missing(f, FEATURE_PERFMON))
		return refuse_unprivileged(f);
	for (int id = 0; id < FEATURES; id++) {
		if (is_missing(f, id)) {
			say_missing(f, id);
			ret = -ENOTSUP;
		}
	}
	if (!ret && features_best_backend(f) == BACKEND_NONE) {
		log_error("no way to learn by how much a counter changed: %s; %s; %s",
			  f->why_not[BACKEND_PERCPU], f->why_not[BACKEND_COUNT],
			  f->why_not[BACKEND_CLASSIC]);
		log_hint("%s", feature_text[FEATURE_BACKEND_CLASSIC].mend);
		ret = -ENOTSUP;
	}
	if (ret)
		log_hint("tare doctor");
	return ret;
}

int features_backend(const struct features *f, const char *forced, enum counter_backend *backend)
{
	int i = 0;

	if (!forced) {
		*backend = features_best_backend(f);
		if (*backend != BACKEND_NONE)
			return 0;
		log_error("no counter backend works here");
		log_hint("tare doctor");
		return -ENOTSUP;
	}
	while (i < BACKEND_NONE && strcmp(forced, backend_name[i]))
		i++;
	if (i == BACKEND_NONE) {
		log_error("no counter backend is called '%s'", forced);
		log_hint("percpu, count or classic");
		return -EINVAL;
	}
	*backend = i;
	if (!f->why_not[i])
		return 0;
	log_error("counter backend %s can't be had here: %s", forced, f->why_not[i]);
	return -ENOTSUP;
}
