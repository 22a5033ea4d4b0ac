/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/features.h"

#include <errno.h>
#include <glib.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>

#include "base/log.h"

#define COMMAND_LONGEST 300 /* characters */
#define PLAIN_CHARS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./,:@%"
#define CAPABILITIES "cap_bpf,cap_perfmon,cap_sys_ptrace+ep"

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

/* This command line, as a shell reads it. NULL: it is unknown or too long for a line. */
static char *own_command(void)
{
	GString *line = g_string_new(NULL);
	char *args;
	gsize len;

	if (!g_file_get_contents("/proc/self/cmdline", &args, &len, NULL))
		len = 0;
	for (gsize at = 0; at < len && line->len < COMMAND_LONGEST; at += strlen(args + at) + 1) {
		const char *arg = args + at;
		bool plain = *arg && !arg[strspn(arg, PLAIN_CHARS)];
		g_autofree char *quoted = plain ? g_strdup(arg) : g_shell_quote(arg);

		g_string_append_printf(line, "%s%s", at ? " " : "", quoted);
	}
	if (len)
		g_free(args);
	return g_string_free(line, !line->len || line->len >= COMMAND_LONGEST);
}

/* BPF tokens: since Linux 6.9. */
static bool kernel_has_tokens(void)
{
	unsigned major, minor;
	struct utsname name;

	return !uname(&name) && sscanf(name.release, "%u.%u", &major, &minor) == 2 &&
	       (major > 6 || (major == 6 && minor >= 9));
}

static int refuse_unprivileged(const struct features *f)
{
	g_autofree char *command = own_command();
	g_autofree char *self = g_file_read_link("/proc/self/exe", NULL);

	log_error("not allowed to use BPF: %s",
		  f->bpf_errno ? f->found[FEATURE_BPF].detail : "without CAP_PERFMON");
	if (f->seccomp) {
		log_hint("outside of the container, or with a seccomp profile that allows bpf(2)");
		return -EPERM;
	}
	log_hint("sudo %s", command ? command : "tare ...");
	log_hint("sudo setcap %s %s", CAPABILITIES, self ? self : "tare");
	if (kernel_has_tokens())
		log_note("a BPF token, which this kernel has, is no way: tare does not use one");
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
		log_error("cannot find out by how much a counter changed: %s; %s; %s",
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
