/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks that run without events: the call with which other programs report that an event came
 * on this CPU, so that a hidden task there no longer runs.
 */
#ifndef TARE_HIDDEN_BPF_H
#define TARE_HIDDEN_BPF_H

#include "state.bpf.h"

/* Call it at each event, before the event is counted: it ends the stretch in which a hidden task
 * ran on this CPU, if one is open. The caller needs no branch, so the verifier follows it once. */
int stretch_over(void);

#endif
