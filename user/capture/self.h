/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tare itself costs: the section of the report that --self asks for.
 */
#ifndef TARE_SELF_H
#define TARE_SELF_H

#include "capture/loader.h"
#include "model/report.h"

/* `self->valid` stays false if the kernel gives no statistics of the BPF programs. */
void self_fill(const struct loader *l, struct report_self *self);

#endif
