/* SPDX-License-Identifier: GPL-2.0-only */
#include "agent/blackbox.h"

const struct config_key blackbox_keys[] = { { NULL, NULL } };

void blackbox_config_free(struct blackbox_config *c)
{
	g_free(c);
}

int blackbox_begin(struct agent *a)
{
	(void)a;
	return 0;
}

void blackbox_tick(struct agent *a)
{
	(void)a;
}

void blackbox_reload(struct agent *a)
{
	(void)a;
}

void blackbox_end(struct agent *a)
{
	(void)a;
}

void blackbox_dump(struct agent *a, const char *why)
{
	(void)a;
	(void)why;
}

void blackbox_post(struct agent *a, struct http_request *q)
{
	(void)a;
	http_answer_text(q, 501, "no black box yet\n");
}
