/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/page.h"

#define STALE_NS 10000000000ULL /* without a tick */

char *health_why(const struct agent *a)
{
	const struct agent_self *self = &a->self;
	uint64_t now = agent_now_ns(), since = self->ticked_ns ? self->ticked_ns : self->started_ns;

	if (now - since > STALE_NS)
		return g_strdup_printf("no tick for %.0f s", (double)(now - since) / 1e9);
	return NULL;
}

void health_answer(struct agent *a, struct http_request *q)
{
	g_autofree char *why = health_why(a);

	if (why)
		http_answer_text(q, 503, "%s\n", why);
	else
		http_answer_text(q, 200, "ok\n");
}

void page_answer(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 200, "tare agent\n");
}
