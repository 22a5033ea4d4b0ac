/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Text for people: escaping of hostile names, sizes and times with units.
 * Pure: no I/O, no state. Results are allocated; free with g_free().
 */
#ifndef TARE_TEXT_H
#define TARE_TEXT_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A copy for terminals: valid UTF-8. Control characters, format characters (bidi marks,
 * zero-width), unassigned and private characters and invalid bytes are escaped: \n, \t, \e,
 * \xNN, \uNNNN, \UNNNNNNNN. So is a third accent on one letter, and an accent at the start.
 * NULL gives "". */
char *text_printable(const char *s);

/* A copy for JSON: valid UTF-8; each invalid byte becomes U+FFFD, nothing else changes. */
char *text_utf8(const char *s, size_t len);

/* The number of terminal columns of a valid UTF-8 string; wide and zero-width characters count as
 * such. */
size_t text_width(const char *s);

/* `s` cut to at most `width` columns, the cut marked with "…". */
char *text_fit(const char *s, size_t width);
/* The same, but cut in the middle. `keep`: an offset in `s`; the text at this offset is shown if
 * there is room for it. 0: no offset is preferred. Of "[module+0xaddress]" the address is kept,
 * of a C++ function the name rather than the parameters. */
char *text_shorten(const char *s, size_t width, size_t keep);

/* "0", "512 B", "12.0 KiB", "1.50 MiB", "2.00 GiB": three significant digits
 * or more, IEC units. Negative values keep their sign. */
char *text_size(int64_t bytes);

/* "350 µs", "12.3 ms", "4.56 s", "3 min 20 s", "2 h 05 min". */
char *text_duration(uint64_t ns);

/* "1,234,567". */
char *text_count(uint64_t n);

/* "SIGKILL"; "signal 99" for one without a name. Free with g_free(). */
char *text_signal(int signal);

/* Parse "64KiB", "4k", "1.5MiB", "2G" (powers of 1024), plain bytes.
 * 0, or -EINVAL, -ERANGE. */
int text_parse_size(const char *s, uint64_t *bytes);

/* Parse "100ms", "2s", "1.5s", "3m", "1h", "250us"; a plain number is seconds.
 * 0, or -EINVAL, -ERANGE. */
int text_parse_duration(const char *s, uint64_t *ns);

/* The candidate nearest to `word` by edit distance. NULL if none is near: the distance is more than
 * one edit and more than a third of the word's length. `candidates` ends with NULL. */
const char *text_nearest(const char *word, const char *const *candidates);

#endif
