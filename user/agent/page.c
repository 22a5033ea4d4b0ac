/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/page.h"

#include <string.h>

#include "agent/self.h"
#include "base/text.h"
#include "model/live_view.h"
#include "version.h"

#define ROWS 15

void health_answer(struct agent *a, struct http_request *q)
{
	g_autofree char *why = self_why_ill(a);

	if (why)
		http_answer_text(q, 503, "%s", why);
	else
		http_answer_text(q, 200, "ok\n");
}

static void add_escaped(GString *html, const char *text)
{
	g_autofree char *printable = text_printable(text);
	g_autofree char *escaped = g_markup_escape_text(printable, -1);

	g_string_append(html, escaped);
}

static void add_size(GString *html, const char *cell, int64_t bytes, const char *per)
{
	g_autofree char *size = text_size(bytes);

	g_string_append_printf(html, "<td%s>%s%s</td>", cell, size, per);
}

/* Without arguments, unless the configuration shows them: they may hold secrets. */
static const char *name_of(const struct agent *a, const struct live_row *r, bool grouped)
{
	if (grouped || a->config->argv || !r->comm)
		return r->name;
	return r->comm;
}

#define WIDE " class=\"wide\"" /* a column that a telephone has no room for */

static void add_row(GString *html, const struct agent *a, const struct live_row *r, bool grouped)
{
	g_string_append(html, "<tr><th scope=\"row\">");
	add_escaped(html, name_of(a, r, grouped));
	if (!grouped)
		g_string_append_printf(html, " <small>%d</small>", r->pid);
	g_string_append(html, "</th>");
	add_size(html, "", live_weight(r), "");
	add_size(html, WIDE, r->now.user, "");
	add_size(html, WIDE, r->now.kernel, "");
	add_size(html, "", (int64_t)r->rate[LIVE_60S].growth, "/s");
	g_string_append(html, "</tr>\n");
}

static void add_table(GString *html, const struct agent *a, const char *title, enum live_sort sort,
		      enum live_group group)
{
	struct live_query query = { .window = LIVE_60S, .sort = sort, .group = group };
	struct live_view *view = live_view_new();
	const GArray *rows = live_view_rows(view, a->live, &query);
	unsigned shown = 0;

	g_string_append_printf(html,
			       "<h2>%s</h2>\n<table>\n<thead><tr><th></th>"
			       "<th scope=\"col\">memory</th>"
			       "<th scope=\"col\"" WIDE ">of it user</th>"
			       "<th scope=\"col\"" WIDE ">kernel</th>"
			       "<th scope=\"col\">growth, last minute</th></tr></thead>\n<tbody>",
			       title);
	for (unsigned i = 0; i < rows->len && shown < ROWS; i++, shown++) {
		const struct live_row *r = &g_array_index(rows, struct live_row, i);

		if (sort == LIVE_BY_GROWTH && r->rate[LIVE_60S].growth <= 0)
			break;
		add_row(html, a, r, group != LIVE_UNGROUPED);
	}
	if (!shown)
		g_string_append(html, "<tr><th scope=\"row\">nobody</th></tr>\n");
	g_string_append(html, "</tbody>\n</table>\n");
	live_view_free(view);
}

static void add_head(GString *html, const struct agent *a)
{
	const struct live_total *t = live_total(a->live);
	g_autofree char *why = self_why_ill(a), *weight = text_size(live_weight(&t->sum));
	g_autofree char *rss = text_size(a->self.rss), *kernel = text_size(t->sum.now.kernel);
	uint64_t up = agent_now_ns() - a->self.started_ns;
	g_autofree char *since = text_duration(up);

	g_string_append_printf(html,
			       "<p>%u processes, %u threads hold <b>%s</b>, of it %s in the "
			       "kernel.\n",
			       t->sum.processes, t->sum.threads, weight, kernel);
	if (a->confined)
		g_string_append(html, "These are the processes of tare's own container only.\n");
	if (session_kmem_why(a->session)) {
		g_string_append(html,
				"Kernel memory beyond page tables and stacks is not measured: ");
		add_escaped(html, session_kmem_why(a->session));
	}
	g_string_append_printf(html,
			       "</p>\n<p>tare " TARE_VERSION
			       " for %s: %.2f %% of a CPU (%.1f ms each second for the sums), "
			       "%s of memory; ",
			       since, (double)a->self.cpu_ns * 100 / (double)MAX(up, 1),
			       (double)a->self.tick_ns / 1e6, rss);
	add_escaped(html, why ? g_strchomp(why) : "nothing lost");
	g_string_append(html, a->self.audits && !a->self.off_why ? ", the books balance.</p>\n" :
								   ".</p>\n");
}

static const char style[] =
	"<style>:root{color-scheme:light dark}"
	"body{font:14px sans-serif;max-width:60em;margin:2em auto;padding:0 1em}"
	"table{border-collapse:collapse;width:100%}td{text-align:right;white-space:nowrap}"
	"td,th{padding:.15em .6em;border-bottom:1px solid #8884;font-weight:normal}"
	"tbody th{text-align:left;overflow-wrap:anywhere;min-width:8em}"
	"thead th{text-align:right;vertical-align:bottom;opacity:.7}small{opacity:.7}"
	"nav a{margin-right:1em;white-space:nowrap}"
	"@media(max-width:600px){.wide{display:none}}"
	"@media(prefers-color-scheme:dark){body{background:#111;color:#ddd}a{color:#8af}}</style>";

static void add_links(GString *html, const struct agent *a)
{
	g_string_append(html, "<nav>");
	for (const struct http_route *r = http_routes(a->http); r->path; r++)
		if (r->answer && strcmp(r->path, "/") != 0)
			g_string_append_printf(html, "<a href=\"%s\">%s</a> ", r->path + 1,
					       r->path);
	g_string_append(html, "</nav>\n");
}

void page_answer(struct agent *a, struct http_request *q)
{
	GString *html = g_string_new("<!DOCTYPE html>\n<html lang=\"en\"><meta charset=\"utf-8\">"
				     "<meta name=\"viewport\" "
				     "content=\"width=device-width, initial-scale=1\">"
				     "<title>tare</title>");

	g_string_append(html, style);
	g_string_append(html, "\n<h1>tare</h1>\n");
	add_head(html, a);
	add_links(html, a);
	add_table(html, a, "Who grows", LIVE_BY_GROWTH, LIVE_UNGROUPED);
	add_table(html, a, "Who holds most, by name", LIVE_BY_WEIGHT, LIVE_PER_NAME);
	add_table(html, a, "Who holds most, by control group", LIVE_BY_WEIGHT, LIVE_PER_CGROUP);
	g_string_append(html, "</html>\n");
	http_header(q, "Content-Security-Policy",
		    "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'");
	http_answer(q, 200, "text/html; charset=utf-8", html);
}
