/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Tasks that run without events, as far as other programs see that one has run: an event on
 * its CPU is another task's.
 */
#ifndef TARE_HIDDEN_BPF_H
#define TARE_HIDDEN_BPF_H

#include "state.bpf.h"

/* Call it at an event, before that is counted: what ran on this CPU without events is over.
 * A call and no branch: the verifier follows the caller once. */
int stretch_over(void);

#endif
