/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks that run without events, as far as other programs see that one has run: an event on
 * its CPU is another task's.
 */
#ifndef TARE_HIDDEN_BPF_H
#define TARE_HIDDEN_BPF_H

#include "state.bpf.h"

/* By CPU, 1: a task that is known, or suspected, to run without events was switched to last. */
extern __u32 stretch[TARE_MAX_CPUS];

/* The stretch on this CPU is over: there was an event of this task (its address). */
int stretch_end(__u32 cpu, __u64 task);

/* Call it at an event of the task, before that is entered. */
static __always_inline void stretch_over(struct task_struct *task)
{
	__u32 cpu = bpf_get_smp_processor_id();

	if (cpu < TARE_MAX_CPUS && stretch[cpu])
		stretch_end(cpu, address_of(task));
}

#endif
