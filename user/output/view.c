/* SPDX-License-Identifier: GPL-2.0-only */
#include "output/view.h"

#include <signal.h>
#include <string.h>

static const enum tare_kind resident[] = { TARE_ANON, TARE_FILE, TARE_SHMEM };

bool view_measured(const struct report *r, const char *feature)
{
	for (unsigned i = 0; i < r->features->len; i++) {
		const struct report_feature *f = g_ptr_array_index(r->features, i);

		if (!g_strcmp0(f->name, feature))
			return g_strcmp0(f->state, "not measured") && g_strcmp0(f->state, "off");
	}
	return true;
}

void view_add(struct flow *sum, struct flow f)
{
	sum->in += f.in;
	sum->out += f.out;
}

struct flow view_rss(const struct flow flow[TARE_KINDS])
{
	struct flow sum = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(resident); i++)
		view_add(&sum, flow[resident[i]]);
	return sum;
}

struct balance view_rss_balance(const struct balance balance[TARE_KINDS])
{
	struct balance sum = { 0 };

	for (unsigned i = 0; i < G_N_ELEMENTS(resident); i++) {
		const struct balance *b = &balance[resident[i]];

		sum.opening += b->opening;
		view_add(&sum.tasks, b->tasks);
		view_add(&sum.foreign, b->foreign);
		sum.unattributed += b->unattributed;
		sum.net += b->net;
	}
	return sum;
}

char *view_signal(int signal)
{
	const char *name = sigabbrev_np(signal);

	return name ? g_strdup_printf("SIG%s", name) : g_strdup_printf("signal %d", signal);
}
