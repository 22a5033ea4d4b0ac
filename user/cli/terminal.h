/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Width and colours of the output on a file descriptor.
 */
#ifndef TARE_TERMINAL_H
#define TARE_TERMINAL_H

#include "output/output.h"

/* A terminal: its width, with colours unless NO_COLOR is set or TERM is missing or "dumb".
 * No terminal: $COLUMNS, else TABLE_WIDTH_MIN, no colours. `fd` -1 (a file):
 * TABLE_WIDTH_MIN, no colours. */
struct table_style terminal_style(int fd);

#endif
