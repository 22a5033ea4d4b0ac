/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How busy the machine is with other programs while a run is weighed: weights do not depend on
 * it, but times do, and a run may end at another limit.
 */
#ifndef TARE_BUSY_H
#define TARE_BUSY_H

/* CPU time so far, in seconds. */
struct busy {
	double all;  /* of all programs and the kernel, on all CPUs; NAN: unknown */
	double own;  /* of tare and of the children that it has waited for */
	double room; /* that the CPUs had: idle time included */
};

void busy_read(struct busy *now);

/* The share of the CPUs' time since `then` that other programs used, 0 to 1; NAN: unknown. To be
 * called when the run's processes have been waited for. */
double busy_others(const struct busy *then);

#endif
