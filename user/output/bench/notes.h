/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What there is to say of single workloads beside their line, for the printers that
 * list it below their tables.
 */
#ifndef TARE_BENCH_NOTES_H
#define TARE_BENCH_NOTES_H

#include "model/bench.h"

enum bench_note {
	BENCH_NOTE_BENT,    /* its growth is not linear */
	BENCH_NOTE_SHARED,  /* pages that processes share count for each of them */
	BENCH_NOTE_AFTER,   /* what was held once all tasks had ended */
	BENCH_NOTE_STOPPED, /* by which limit */
	BENCH_NOTE_FAILED,
	BENCH_NOTE_MISSING, /* not run, and the way out */
};

/* One of them, not escaped; `first`: nothing of its sort was said yet. */
typedef void (*bench_note_fn)(void *ctx, enum bench_note which, bool first,
			      const struct bench_row *row, const char *text);

/* Say all of one sort. */
void bench_notes(const struct bench *b, enum bench_note which, bench_note_fn say, void *ctx);

#endif
