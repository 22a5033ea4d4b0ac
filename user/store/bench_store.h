/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The results of `tare bench` in a SQLite file. bench.sql describes the tables; db.h, how the file
 * is kept. A bench writes each run when it ends; a run that was written survives a kill of tare. It
 * must not know how runs are made or printed.
 *
 * A NULL text stays NULL where it has a meaning (model/bench.h: version, missing, stopped_by), and
 * for distribution, cpu, root, command and a published version. All other NULL texts are stored,
 * and read, as "". Limits: sizes and counts 2^53, times 10^9 s, all texts of a row 1 MiB.
 *
 * Each function that returns int: 0, or negative errno, logged with the file's name unless said
 * otherwise. One thread at a time.
 */
#ifndef TARE_BENCH_STORE_H
#define TARE_BENCH_STORE_H

#include "base/fileout.h"
#include "model/bench.h"

struct bench_store;

/* Create the file atomically, with the machine and options of `b` but no rows, marked as not
 * complete. -EEXIST if the name exists: not logged, since the caller knows the remedy. */
int bench_store_create_output(struct bench_store **s, const struct fileout *out,
			      const struct bench *b);

/* Continue writing a file, which is marked as not complete. Call bench_store_load() first: it
 * checks the content. -EBUSY if another tare writes the file, -EPROTONOSUPPORT for another schema,
 * -EBADMSG if it is no file of tare bench. */
int bench_store_open_output(struct bench_store **s, const struct fileout *out);

/* Write a row's description and published figures; they replace those of the same id. Its runs are
 * not changed. A new row comes after all others. */
int bench_store_row(struct bench_store *s, const struct bench_row *row);

/* Write a run of the row `id` (-ENOENT: there is no such row). It replaces the run with the same
 * tasks, repeat and after. When this returns 0 the run is on disk; after an error the file is
 * unchanged. Weighings that were not taken have no rows. -EBUSY if another program (such as the
 * sqlite3 shell) has locked the file for three seconds; the call may be repeated. */
int bench_store_run(struct bench_store *s, const char *id, const struct bench_run *run);

/* Mark the bench as complete. */
int bench_store_finish(struct bench_store *s);

void bench_store_close(struct bench_store *s); /* takes NULL; no other file is left */

/* Read a file (hostile input). In the result all numbers are within the limits above, runs and
 * published figures have the model's order, ids and runs are unique. The file may be written
 * meanwhile. *b is set on success only; free with bench_free(). */
int bench_store_load(struct bench **b, const char *path);

#endif
