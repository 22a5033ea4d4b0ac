/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks that the kernel runs without tracepoints: a sandbox may hide its own tasks so. Changes by
 * such a task, or by an interrupt while it runs, show in the kernel's counters, and in no event.
 */
#ifndef TARE_HIDDEN_H
#define TARE_HIDDEN_H

/* Watch the CPUs until such a task is found, HIDDEN_MS at most; a task that sleeps all that time is
 * not found. Returns 0 with `who` "agent (1)" (g_free()) or NULL (none), or negative errno. */
#define HIDDEN_MS 1000
struct kernel_btf;
int hidden_find(const struct kernel_btf *types, char **who);
/* The same text for the result of loader_hidden(). Free with g_free(); NULL: none was found. */
struct tare_hidden;
char *hidden_name(const struct tare_hidden *found);

#endif
