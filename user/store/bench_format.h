/* SPDX-License-Identifier: GPL-2.0-only
 *
 * How a file of bench.sql is recognised: for bench_store.c (writer) and bench_load.c (reader).
 */
#ifndef TARE_BENCH_FORMAT_H
#define TARE_BENCH_FORMAT_H

#include "store/db.h"

#define BENCH_SCHEMA 2 /* user_version in bench.sql */

extern const struct db_format bench_format;

#endif
