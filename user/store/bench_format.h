/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What tells a file of bench.sql: for bench_store.c, which writes it, and
 * bench_load.c, which reads it.
 */
#ifndef TARE_BENCH_FORMAT_H
#define TARE_BENCH_FORMAT_H

#include "store/db.h"

#define BENCH_SCHEMA 1 /* user_version in bench.sql */

extern const struct db_format bench_format;

#endif
