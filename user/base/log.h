/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Messages to the person at the terminal. Everything goes to stderr, prefixed
 * with "tare: "; control characters in arguments are shown escaped.
 * It must not know what the messages are about.
 */
#ifndef TARE_LOG_H
#define TARE_LOG_H

/* 0: errors and warnings; 1: also what tare does; 2: also libbpf's messages. */
extern int log_verbosity;

/* Print a message and return. log_error(): the command fails. log_warn(): its result is
 * incomplete. log_hint(): what the user can do about it, on a line of its own. log_note(): news
 * of a program that runs on. log_verbose(): only if log_verbosity is at least `level`. */
void log_error(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_warn(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_hint(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void log_verbose(int level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
