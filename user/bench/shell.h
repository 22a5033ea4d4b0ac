/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A helper command that runs to its end, as the workload's user, its output kept.
 */
#ifndef TARE_SHELL_H
#define TARE_SHELL_H

#include "capture/launch.h"

/* Run `argv` and wait. `output` (free with g_free()): what it wrote to stdout and
 * stderr, of more than 64 KiB the last half. Its exit status, 128 + the signal that
 * ended it, or negative errno, said; -EINTR when a signal to tare interrupts. */
int shell_run(char *const *argv, const struct launch_user *user, char **output);

/* The last line of a text that is not empty; "" when all are. Points into `text`,
 * which is cut behind it. */
const char *shell_last_line(char *text);

#endif
