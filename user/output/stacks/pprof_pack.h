/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Writing a profile.proto in pieces, and compressing it. Only for output/stacks/.
 */
#ifndef TARE_PPROF_PACK_H
#define TARE_PPROF_PACK_H

#include <glib.h>

#include "pprof.pb-c.h"

/* Append a part of a profile: concatenated messages merge into one. */
void pprof_pack(GString *out, const Pprof__Profile *part);

/* `level`: of zlib, 1 the fastest. The header has no time and no name, so equal profiles give equal
 * bytes. */
GString *pprof_gzip(const GString *plain, int level);

#endif
