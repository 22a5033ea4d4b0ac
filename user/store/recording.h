/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A recording: a report with its samples and logs, in a SQLite file. recording.sql describes the
 * tables; db.h, how the file is kept. It is written while the workload runs: even if tare is
 * killed, the state of the last checkpoint can be read. It must not know where a report comes from,
 * nor how reports are printed.
 *
 * Each function that returns int: 0, or negative errno, logged with the file's name. One thread at
 * a time.
 */
#ifndef TARE_RECORDING_H
#define TARE_RECORDING_H

#include "base/fileout.h"
#include "model/live.h"
#include "model/report.h"

struct recording;

#define RECORDING_SIZE_LEAST (1 << 20)
#define RECORDING_SIZE_MOST (1 << 30)

struct recording_limits;

struct recording_config {
	uint64_t max_size;                     /* of the file, bytes */
	const struct fileout *output;          /* the output; NULL: `path` is opened */
	const struct owner *owner;             /* for `path`: see fileout_open(); may be NULL */
	const struct recording_limits *limits; /* NULL: those of recording_limits.h */
};

/* Can a recording be made here? An existing file is replaced only if it is a recording or empty,
 * and nobody writes it. Changes nothing. */
int recording_check_output(const struct fileout *out);

/* A file that got this name after the output was opened is replaced too, if another user may have
 * put it there (a symbolic link, a pipe, another user's file). */
int recording_create(struct recording **rec, const char *path,
		     const struct recording_config *config);
void recording_close(struct recording *rec); /* takes NULL; no other file is left */

/* The raw log. Rows are kept in memory for a while before they are written. An error of such a
 * write is logged once, and the next checkpoint returns it. Times are ns since the start. */
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

/* Keep what the live model holds as of its last tick, for replay.h; nothing if it had none since
 * the last call. The next checkpoint writes it. `cause_name`: of a row's cause; g_free(). */
void recording_round(struct recording *rec, const struct live *l, char *(*cause_name)(uint32_t id));

/* Replace the state in the file by the report `r`; only rows that differ are written. `complete`:
 * this is the last state, and all rows are written. A report that does not fit into max_size or
 * the limits is made smaller (`r` is changed), and the file says so. If a reader locks the file,
 * nothing is written until the next checkpoint. */
int recording_checkpoint(struct recording *rec, struct report *r, bool complete);
/* Does an error of these functions mean that the disk is full? The recording then says so in the
 * file, and writes nothing more. */
bool recording_disk_full(int err);

/* Read a file (hostile input). In the report every number is in bounds, every reference is valid
 * and every stack ends. The file may be written meanwhile. The report of an incomplete recording
 * has a feature "recording" that says so. *r is set on success only; free with report_free(). */
int recording_load(struct report **r, const char *path);

#endif
