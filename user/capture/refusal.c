/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/refusal.h"

#include <bpf/libbpf.h>
#include <string.h>

#include "base/log.h"

#define BEGIN_LOG "-- BEGIN PROG LOAD LOG --\n"
#define END_LOG "-- END PROG LOAD LOG --"

static struct refusal *listener;

/* The text between `before` and the next quote. */
static char *quoted_name(const char *text, const char *before)
{
	const char *at = strstr(text, before), *end;

	if (!at)
		return NULL;
	at += strlen(before);
	end = strchr(at, '\'');
	return end ? g_strndup(at, end - at) : NULL;
}

/* Is it empty, or one of the statistics at the end of the verifier's log? */
static bool says_nothing(const char *line)
{
	static const char *const figures[] = { "processed ", "verification time ", "stack depth ",
					       "max_states" };

	for (unsigned i = 0; i < G_N_ELEMENTS(figures); i++)
		if (g_str_has_prefix(line, figures[i]))
			return true;
	return !*line;
}

char *refusal_last(const struct refusal *r, unsigned n)
{
	g_auto(GStrv) lines = g_strsplit(r->log->str, "\n", -1);
	g_autoptr(GPtrArray) last = g_ptr_array_new();

	for (unsigned i = g_strv_length(lines); i > 0 && last->len < n; i--)
		if (!says_nothing(g_strstrip(lines[i - 1])))
			g_ptr_array_insert(last, 0, lines[i - 1]);
	g_ptr_array_add(last, NULL);
	return g_strjoinv("\n", (char **)last->pdata);
}

static void take_reason(struct refusal *r, const char *text)
{
	g_autofree char *line = g_strstrip(g_strdup(text));

	if (!r->reason && *line)
		r->reason = g_steal_pointer(&line);
}

static void hear_log(struct refusal *r, const char *log)
{
	const char *end = strstr(log, END_LOG);

	g_string_assign(r->log, log);
	if (end)
		g_string_truncate(r->log, end - log);
	g_clear_pointer(&r->reason, g_free);
	r->reason = refusal_last(r, 1);
}

/* libbpf 1.1: "prog 'NAME': BPF program load failed: REASON", then the log in one piece;
 * "map 'NAME': failed to create: REASON(-NUMBER)". */
void refusal_hear(struct refusal *r, const char *text)
{
	const char *log = strstr(text, BEGIN_LOG), *reason;
	char *name = quoted_name(text, "prog '");

	if (!name)
		name = quoted_name(text, "map '");
	if (!name)
		return;
	if (g_strcmp0(name, r->name)) {
		g_free(r->name);
		r->name = g_steal_pointer(&name);
		g_clear_pointer(&r->reason, g_free);
		g_string_truncate(r->log, 0);
	}
	g_free(name);
	if (log) {
		hear_log(r, log + strlen(BEGIN_LOG));
		return;
	}
	reason = strstr(text, "': ");
	if (reason)
		take_reason(r, reason + strlen("': "));
}

static int print_message(enum libbpf_print_level level, const char *fmt, va_list args)
{
	bool show = log_verbosity >= (level == LIBBPF_DEBUG ? 3 : 2);
	g_autofree char *text = NULL;
	g_auto(GStrv) lines = NULL;

	if (!show && (level != LIBBPF_WARN || !listener))
		return 0;
	text = g_strdup_vprintf(fmt, args);
	if (level == LIBBPF_WARN && listener)
		refusal_hear(listener, text);
	/* libbpf's warnings are shown as details; the caller logs the error itself. */
	lines = g_strsplit(show ? g_strchomp(text) : "", "\n", -1);
	for (char **line = lines; *line; line++)
		log_verbose(2, "%s", *line);
	return 0;
}

void refusal_listen(struct refusal *r)
{
	*r = (struct refusal){ .log = g_string_new(NULL) };
	listener = r;
	libbpf_set_print(print_message);
}

void refusal_deaf(void)
{
	listener = NULL;
}

void refusal_clear(struct refusal *r)
{
	g_free(r->name);
	g_free(r->reason);
	if (r->log)
		g_string_free(r->log, TRUE);
	*r = (struct refusal){ 0 };
}
