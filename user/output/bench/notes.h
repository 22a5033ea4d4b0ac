/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Notes about single workloads, which printers list below their tables.
 */
#ifndef TARE_BENCH_NOTES_H
#define TARE_BENCH_NOTES_H

#include "model/bench.h"

enum bench_note {
	BENCH_NOTE_BENT,    /* growth is not linear */
	BENCH_NOTE_SHARED,  /* a shared page counts once for each process */
	BENCH_NOTE_AFTER,   /* memory held after all tasks had ended */
	BENCH_NOTE_BUSY,    /* other programs ran beside it */
	BENCH_NOTE_STOPPED, /* the limit that stopped it */
	BENCH_NOTE_FAILED,
	BENCH_NOTE_MISSING, /* not run; how to install it */
};

/* Print one note. `text` is not escaped; `first`: the first note of this type. */
typedef void (*bench_note_fn)(void *ctx, enum bench_note which, bool first,
			      const struct bench_row *row, const char *text);

/* Call `say` for each note of one type. */
void bench_notes(const struct bench *b, enum bench_note which, bench_note_fn say, void *ctx);

#endif
