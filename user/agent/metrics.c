/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/metrics.h"

int groups_begin(struct agent *a)
{
	(void)a;
	return 0;
}

void groups_tick(struct agent *a)
{
	(void)a;
}

void groups_shrink(struct agent *a)
{
	(void)a;
}

void groups_end(struct agent *a)
{
	(void)a;
}

void metrics_answer(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 501, "not yet\n");
}
