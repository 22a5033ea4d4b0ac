/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/routes.h"

#include "agent/blackbox.h"
#include "agent/metrics.h"
#include "agent/page.h"
#include "agent/pprof.h"

const struct http_route agent_routes[] = {
	{ "/", page_answer, NULL },
	{ "/healthz", health_answer, NULL },
	{ "/metrics", metrics_answer, NULL },
	{ "/debug/pprof/allocs", pprof_allocs, NULL },
	{ "/debug/pprof/heap", pprof_heap, NULL },
	{ "/debug/pprof/kernel", pprof_kernel, NULL },
	{ "/dump", NULL, blackbox_post },
	{ NULL, NULL, NULL },
};
