/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of causes: system calls by libseccomp's tables, the rest by ours.
 */
#ifndef TARE_CAUSE_H
#define TARE_CAUSE_H

#include <stdint.h>

/* "page fault", "exit", "brk", "mmap2 (32-bit)", "syscall 999". Allocated. */
char *cause_name(uint32_t id);

#endif
