/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks that the kernel runs without events, as a sandbox's may hide its own: what
 * they, or interrupts meanwhile, change is in the kernel's counters alone.
 */
#ifndef TARE_HIDDEN_H
#define TARE_HIDDEN_H

/* Watch the CPUs until one is found, HIDDEN_MS at most: who sleeps is not. 0: `who` is
 * "agent (1)", to be freed, or NULL, nobody; else negative errno. */
#define HIDDEN_MS 1000
struct kernel_btf;
int hidden_find(const struct kernel_btf *types, char **who);
/* The same words of what another program found. To be freed; NULL: nobody. */
struct tare_hidden;
char *hidden_name(const struct tare_hidden *found);

#endif
