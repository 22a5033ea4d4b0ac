/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of causes: of system calls from libseccomp's tables, of all others from a table of our own.
 */
#ifndef TARE_CAUSE_H
#define TARE_CAUSE_H

#include <stdint.h>

/* "page fault", "exit", "brk", "mmap2 (32-bit)", "syscall 999". Free with g_free(). */
char *cause_name(uint32_t id);

#endif
