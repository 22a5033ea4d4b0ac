/* SPDX-License-Identifier: GPL-2.0-only */
#include "bench/busy.h"

#include <glib.h>
#include <math.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

/* The columns of /proc/stat, line "cpu", in ticks. What virtual machines steal is neither busy nor
 * room; guest time is part of user time. */
enum { USER, NICE, SYSTEM, IDLE, IOWAIT, IRQ, SOFTIRQ, COLUMNS };

static double own_s(int who)
{
	struct rusage u;

	if (getrusage(who, &u))
		return 0;
	return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
	       (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec) / 1e6;
}

void busy_read(struct busy *now)
{
	double ticks = (double)sysconf(_SC_CLK_TCK);
	g_autofree char *text = NULL;
	guint64 c[COLUMNS];

	*now = (struct busy){ NAN, own_s(RUSAGE_SELF) + own_s(RUSAGE_CHILDREN), NAN };
	if (!g_file_get_contents("/proc/stat", &text, NULL, NULL) ||
	    sscanf(text, "cpu %lu %lu %lu %lu %lu %lu %lu", &c[USER], &c[NICE], &c[SYSTEM],
		   &c[IDLE], &c[IOWAIT], &c[IRQ], &c[SOFTIRQ]) != COLUMNS)
		return;
	now->all = (double)(c[USER] + c[NICE] + c[SYSTEM] + c[IRQ] + c[SOFTIRQ]) / ticks;
	now->room = now->all + (double)(c[IDLE] + c[IOWAIT]) / ticks;
}

double busy_others(const struct busy *then)
{
	struct busy now;
	double room, others;

	busy_read(&now);
	room = now.room - then->room;
	others = (now.all - then->all) - (now.own - then->own);
	return room > 0 ? CLAMP(others / room, 0, 1) : NAN; /* false for NAN */
}
