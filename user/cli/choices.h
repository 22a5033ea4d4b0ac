/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How a report is to be shown: values of options that several subcommands have, and
 * where they send what they made.
 */
#ifndef TARE_CHOICES_H
#define TARE_CHOICES_H

#include "base/fileout.h"
#include "output/formats.h"

/* 0, or -EINVAL, said. */
int choice_format(const char *value, const struct format **format);
int choice_sample_type(const char *value, enum sample_type *sample_type);
int choice_threads(const char *value, bool *all);

/* Can HTML be made? 0, or -ENOTSUP, said, with the other way to have the same. */
int choice_html(const char *other_way);

/* Say what files for other tools have no place for: what was lost, what is not measured. */
void choice_warn(const struct report *r, const struct format *format, enum sample_type sample_type);

/* Open what -o names, NULL: nothing, before anything is started. 0 or negative errno, said. */
int choice_output(struct fileout **out, const char *path);

/* Write to it, or for NULL to stdout. 0, or negative errno, said; of stdout main() says it. */
int choice_deliver(const struct fileout *out, const char *text, size_t len);

#endif
