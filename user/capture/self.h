/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tare itself costs: the report's section of --self.
 */
#ifndef TARE_SELF_H
#define TARE_SELF_H

#include "capture/loader.h"
#include "model/report.h"

/* Stays invalid when the BPF programs cannot be asked. */
void self_fill(const struct loader *l, struct report_self *self);

#endif
