/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Options that several subcommands share (how a report is shown), and writing the
 * rendered report to -o or stdout.
 */
#ifndef TARE_CHOICES_H
#define TARE_CHOICES_H

#include "base/fileout.h"
#include "cli/optspec.h"
#include "output/formats.h"

/* Parse an option's value. 0, or -EINVAL with a message. */
int choice_format(const char *value, const struct format **format);
int choice_sample_type(const char *value, enum sample_type *sample_type);
int choice_threads(const char *value, bool *all);
/* Names of sections of the table, separated by commas: adds them to the set *show. */
int choice_show(const char *value, unsigned *show);
/* Which sections and rows of the table are shown. All threads are more than the default screen
 * has room for, so they imply all sections. */
void choice_table(struct table_style *style, unsigned show, bool all_threads);

/* Words that such options take, for a shell: see struct optspecs. */
bool choice_values(struct complete *c, const struct optspec *s);

/* The format that the suffix of an -o file stands for. No suffix: NULL. 0, or -EINVAL with a
 * message that lists the known suffixes. */
int choice_format_of_file(const char *path, const struct format **format);
/* For names whose suffix stands for no format. No suffix: 0; else -EINVAL with a message and the
 * hint. */
int choice_refuse_suffix(const char *path, const char *known, const char *hint);

/* Was tare built with its HTML pages? 0, or -ENOTSUP with a message that names `other_way`. */
int choice_html(const char *other_way);

/* Warn of losses and unmeasured values that the formats of other tools cannot hold. */
void choice_warn(const struct report *r, const struct format *format, enum sample_type sample_type);

/* Open the file of -o before a command starts. `path` NULL: leave *out unchanged.
 * 0, or negative errno with a message. */
int choice_output(struct fileout **out, const char *path);

/* Take the descriptor that --fd-report names. Call it while options are parsed: later, `value`
 * could name a descriptor of tare's own. The command does not get it: the launcher closes all
 * above 2. 0, or -EINVAL with a message. */
int choice_descriptor(struct fileout **out, const char *value);

/* Write to `out`, or to stdout if it is NULL. 0, or negative errno with a message; main()
 * prints the message for stdout. */
int choice_deliver(const struct fileout *out, const char *text, size_t len);

#endif
