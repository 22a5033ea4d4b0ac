/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/pprof.h"

int pprof_begin(struct agent *a)
{
	(void)a;
	return 0;
}

void pprof_tick(struct agent *a)
{
	(void)a;
}

void pprof_shrink(struct agent *a)
{
	(void)a;
}

void pprof_end(struct agent *a)
{
	(void)a;
}

void pprof_allocs(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 501, "not yet\n");
}

void pprof_heap(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 501, "not yet\n");
}

void pprof_kernel(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 501, "not yet\n");
}
