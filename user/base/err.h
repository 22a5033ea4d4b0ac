/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages to the person at the terminal. Everything goes to stderr, prefixed
 * with "tare: "; control characters in arguments are shown escaped.
 * It must not know what the messages are about.
 */
#ifndef TARE_ERR_H
#define TARE_ERR_H

/* How much is said: 0 errors and warnings, 1 what tare does, 2 libbpf too. */
extern int err_verbosity;

/* Say it and go on. `error` is for what makes a command fail, `warn` for what
 * makes its result less, `hint` for the way out, on a line of its own. */
void error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void verbose(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
