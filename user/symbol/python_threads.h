/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of Python threads (threading.Thread(name=…)). CPython passes them to the kernel only
 * from 3.14 on, so they are read from the dict threading._active in the process's memory. The
 * process runs meanwhile, and its memory may hold anything: the size and the number of reads are
 * bounded, and each object on the way is checked as far as its header allows.
 */
#ifndef TARE_PYTHON_THREADS_H
#define TARE_PYTHON_THREADS_H

#include <stdint.h>
#include <sys/types.h>

#include "bpf/abi_python.h"

/* Called for each thread that has a name. `tid`: in the PID namespace of the process. */
typedef void (*python_thread_fn)(void *ctx, uint32_t tid, const char *name);

/* Read the names of a process's threads. `active`: address of threading._active, to be kept by
 * the caller for this address space; 0: not known yet, then it is looked for. Returns the number
 * of calls of fn. */
unsigned python_threads(pid_t pid, const struct tare_python *python, uint64_t *active,
			python_thread_fn fn, void *ctx);

#endif
