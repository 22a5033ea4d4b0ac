/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Describes the machine: host name, distribution, CPU, memory.
 */
#ifndef TARE_MACHINE_H
#define TARE_MACHINE_H

#include "model/report.h"

/* Members whose value is not known are not changed. Strings are allocated. */
void machine_describe(struct report_machine *m);

#endif
