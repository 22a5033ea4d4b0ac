/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages into a file instead of stderr.
 */
#ifndef TARE_AGENT_LOGFILE_H
#define TARE_AGENT_LOGFILE_H

/* From now on stderr is this file, which is appended to; it is made if there is none, with mode
 * 0600. The same path opens what has its name now: after a rotation. Returns 0 or negative
 * errno, logged to the stderr that there was. */
int logfile_open(const char *path);

#endif
