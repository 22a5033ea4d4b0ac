/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The names that a Python program gave its threads (threading.Thread(name=…)), which CPython
 * tells the kernel only from 3.14 on: out of threading._active in the process's memory. The
 * process runs meanwhile and may hold anything there: each read is bounded, so is their
 * number, and a name is taken only where all on the way to it is of the type that it should
 * be.
 */
#ifndef TARE_PYTHON_THREADS_H
#define TARE_PYTHON_THREADS_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi_python.h"

/* The kernel's number of a thread, as the process itself sees it, and its name. */
typedef void (*python_thread_fn)(void *ctx, uint32_t tid, const char *name);

/* `active`: where threading._active is, of this address space; 0: not known yet, and then it is
 * looked for. Returns how many threads there were. */
unsigned python_threads(pid_t pid, const struct tare_python *python, uint64_t *active,
			python_thread_fn fn, void *ctx);

#endif
