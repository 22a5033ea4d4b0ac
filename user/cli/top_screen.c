/* SPDX-License-Identifier: GPL-2.0-only */
#include "cli/top.h"
bool top_screen_possible(void)
{
	return false;
}
struct top_screen *top_screen_open(struct top *t)
{
	(void)t;
	return NULL;
}
int top_screen_begin(struct top_screen *s)
{
	(void)s;
	return 0;
}
void top_screen_tick(struct top_screen *s)
{
	(void)s;
}
void top_screen_close(struct top_screen *s)
{
	(void)s;
}
