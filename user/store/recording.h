/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A recording: a report and all that came with it, in a SQLite file. recording.sql
 * says what is in it, db.h how it is kept. It is written while the workload runs:
 * whatever becomes of tare, what the last checkpoint wrote can be read. It must not
 * know who measures, nor how reports are shown.
 *
 * Every function that returns int: 0 or negative errno, said by log_error() with the
 * file's name. One thread at a time.
 */
#ifndef TARE_RECORDING_H
#define TARE_RECORDING_H

#include "base/fileout.h"
#include "model/report.h"

struct recording;

#define RECORDING_SIZE_LEAST (1 << 20)
#define RECORDING_SIZE_MOST (1 << 30)

struct recording_limits;

struct recording_config {
	uint64_t max_size;                     /* bytes that the file may have */
	const struct fileout *output;          /* where; NULL: `path` is opened, for */
	const struct owner *owner;             /* this one, as in fileout_open(); may be NULL */
	const struct recording_limits *limits; /* NULL: those of recording_limits.h */
};

/* Can it be made? What is there is replaced only when it is a recording, or empty, and
 * nobody writes it. Changes nothing. */
int recording_check_output(const struct fileout *out);

/* What has come to the name since the output was opened is replaced too, if others may
 * have put it there (a link, a pipe, another user's file). */
int recording_create(struct recording **rec, const char *path,
		     const struct recording_config *config);
void recording_close(struct recording *rec); /* takes NULL; no other file is left */

/* The raw log. Rows are kept for a while before they are written; what goes wrong then
 * is said once, and reported by the next checkpoint. Times are ns since the start. */
struct recorded_sample {
	uint64_t time_ns, bytes, address;
	uint32_t aggregate;
	bool no_address;
};
void recording_sample(struct recording *rec, const struct recorded_sample *s);

struct recorded_vma {
	uint64_t time_ns, mm, start, size;
	uint32_t pid;
	const char *what;   /* "mmap", "munmap" … */
	const char *detail; /* a path, a name; may be NULL */
};
void recording_vma(struct recording *rec, const struct recorded_vma *r);

/* From now on the samples of one aggregate belong to another. */
void recording_folded(struct recording *rec, uint32_t aggregate, uint32_t into);

/* The state as of now, in place of the last: what has changed of it. `complete`: it is
 * the last, and written whole. A report that does not fit into max_size or the limits is
 * made smaller (`r` is), and the file says so. While a reader is in the way it is written
 * with the next one. */
int recording_checkpoint(struct recording *rec, struct report *r, bool complete);
/* Does an error of these functions mean that the disk is full? The recording then says so
 * itself, and takes no more. */
bool recording_disk_full(int err);

/* Read the whole file, whoever made it: every number in it is in bounds, every
 * reference leads somewhere, every stack ends. It may be one that is being written. One that
 * was not completed has a feature "recording" that says so. *r is set on success only; free
 * with report_free(). */
int recording_load(struct report **r, const char *path);

#endif
