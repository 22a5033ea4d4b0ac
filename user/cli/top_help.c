/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the screen of `tare top` says of its keys.
 */
#include "cli/top_ui_impl.h"

const char *const top_ui_hints[] = {
	"h help  Enter details  / search  \\ filter  < > sort  t tree  H threads  g group  "
	"1 2 3 window  space pause  w write  q quit",
	"h help  Enter details  / search  \\ filter  < > sort  H threads  g group  q quit",
	"h help  Enter details  q quit",
	NULL,
};

const char *const top_ui_help[] = {
	"tare top: who grows, and how fast. Rates are per second, over the window.",
	"",
	"  arrows, PgUp, PgDn, Home, End   move the selection",
	"  Enter          details: functions, causes, mappings, limit, threads; Esc: back",
	"  / or F3        search: the next row with this text; n: the next one",
	"  \\ or F4        filter: only rows with this text; Esc: all rows",
	"  < > or F6      sort by the column to the left or right; I: invert; or click a title",
	"  1 2 3          window of rates: 1, 10 or 60 seconds",
	"  t or F5        tree: children below their parents",
	"  H              threads below their processes",
	"  g              group by control group, by name, not at all",
	"  Enter or +     of a group: its processes below it",
	"  F              follow: the selection stays with its row (on), or in its place",
	"  space or Z     pause the screen; measuring goes on",
	"  w              write a report of now to a file",
	"  r              start a recording; stop it",
	"  a replay       space: play, pause; left, right: a step; [ ]: 10 s; Home, End",
	"  Ctrl-L         draw the screen anew",
	"  h or F1        this help",
	"  q or F10       quit",
	"",
	"GROWTH/s  change of the weight   WEIGHT  user and kernel memory",
	"▲         it has grown for the last minute as it does now: the rows to worry about",
	"USER      RSS and swap           KERNEL  page tables, stacks, other kernel memory",
	"IN/s      memory taken           OUT/s   memory given back",
	"CAUSE     what most of it came in by, since tare came   n/m  not measured",
	"A process's figures are the kernel's counters. A thread's are what it took since tare",
	"came, less what it gave back; they may be below 0.",
	NULL,
};
