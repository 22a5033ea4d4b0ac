/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How wide and how colourful a descriptor's reader will have it.
 */
#ifndef TARE_TERMINAL_H
#define TARE_TERMINAL_H

#include "output/output.h"

/* For a terminal its width and colours (not where NO_COLOR is set, nor for a TERM that
 * is missing or dumb); without one
 * $COLUMNS, else the least; -1: a file. */
struct table_style terminal_style(int fd);

#endif
