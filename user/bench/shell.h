/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Runs a helper command to its end, as the workload's user, and returns its output.
 */
#ifndef TARE_SHELL_H
#define TARE_SHELL_H

#include <signal.h>

#include "capture/launch.h"

/* Run `argv` and wait. `output` (free with g_free()): its stdout and stderr; of more than 64 KiB
 * only the last part. Returns its exit status, 128 + the signal that ended it, or negative
 * errno, logged; -EINTR if a signal handler has set *interrupted: then the command is ended. */
int shell_run(char *const *argv, const struct launch_user *user,
	      const volatile sig_atomic_t *interrupted, char **output);

/* The last line in `text` that is not empty; "" if all are empty. It points into `text`, which
 * is cut after that line. */
const char *shell_last_line(char *text);

#endif
