/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The machine that figures are from.
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "model/report.h"

/* What is not known stays as it is. Strings are allocated. */
void machine_describe(struct report_machine *m);

#endif
