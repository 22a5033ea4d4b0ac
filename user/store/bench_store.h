/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` in a SQLite file: bench.sql says what is in it,
 * db.h how it is kept. A bench writes each run as it ends; what was written
 * stays, whatever becomes of tare. It must not know how runs are made or shown.
 *
 * Texts for which model/bench.h gives NULL a meaning (version, missing,
 * stopped_by), and distribution, cpu, root, command and a published version, are
 * kept as they are; of all others a NULL is stored, and read again, as "". Sizes and counts go to
 * 2^53, times to 10^9 s, a row's texts to 1 MiB together.
 *
 * Every function that returns int: 0 or negative errno, said by log_error() with the
 * file's name but for the one exception named. One thread at a time.
 */
#ifndef TARE_BENCH_STORE_H
#define TARE_BENCH_STORE_H

#include "base/fileout.h"
#include "model/bench.h"

struct bench_store;

/* Create it, all at once, with the machine and options of `b` (not its rows), not
 * complete. -EEXIST when there is something of that name: not said, the caller knows the
 * way out. */
int bench_store_create_output(struct bench_store **s, const struct fileout *out,
			      const struct bench *b);

/* Go on writing a file, which is not complete from now on. Load it first, to
 * know what is there and that all of it is sound. -EBUSY when another tare has
 * it open for writing, -EPROTONOSUPPORT when it is of another schema, -EBADMSG
 * when it is not of tare bench. */
int bench_store_open_output(struct bench_store **s, const struct fileout *out);

/* The row's description and published figures, new or in place of those with
 * its id; its runs are left alone. New rows come after those before. */
int bench_store_row(struct bench_store *s, const struct bench_row *row);

/* A run of the row `id` (-ENOENT: it was not stored), in place of that with the
 * same tasks, repeat and after. It is on the disk when this returns; on failure
 * the file is as before. Weighings not taken leave nothing but that. -EBUSY when
 * another program (a shell) has had the file locked for three seconds: it may be
 * tried again. */
int bench_store_run(struct bench_store *s, const char *id, const struct bench_run *run);

/* The bench is complete. */
int bench_store_finish(struct bench_store *s);

void bench_store_close(struct bench_store *s); /* takes NULL; no other file is left */

/* Read the whole file, whoever made it: all numbers are within the bounds above,
 * runs and published figures in the model's order, ids and runs unique. It may
 * be one that is being written. *b is set on success only; free with bench_free(). */
int bench_store_load(struct bench **b, const char *path);

#endif
