/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages to the person at the terminal. Everything goes to stderr, prefixed
 * with "tare: "; control characters in arguments are shown escaped.
 * It must not know what the messages are about.
 */
#ifndef TARE_LOG_H
#define TARE_LOG_H

/* How much is said: 0 errors and warnings, 1 what tare does, 2 libbpf too. */
extern int log_verbosity;

/* Say it and go on. log_error() is for what makes a command fail, log_warn() for what
 * makes its result less, log_hint() for the way out, on a line of its own. log_verbose()
 * says what log_verbosity is high enough for. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
