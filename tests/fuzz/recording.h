/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Makes a recording of two reports in which every field has a value, and reads it.
 */
#ifndef TARE_FUZZ_RECORDING_H
#define TARE_FUZZ_RECORDING_H

#include "output/formats.h"
#include "store/recording.h"
#include "tests/fuzz/store.h"

#pragma GCC diagnostic ignored "-Wunused-function"
#include "tests/golden/fixtures.c"

static inline void write_recording(const char *path, struct report *r)
{
	struct recording_config config = { .max_size = 64 << 20 };
	struct recorded_sample sample = { .time_ns = 1000, .bytes = 65536, .address = 4096 };
	struct recorded_vma vma = {
		.time_ns = 900, .mm = 1, .size = 4096, .pid = 7, .what = "mmap"
	};
	struct recording *rec = NULL;

	unlink(path);
	must(!recording_create(&rec, path, &config));
	recording_sample(rec, &sample);
	recording_vma(rec, &vma);
	must(!recording_checkpoint(rec, r, true));
	recording_close(rec);
	report_free(r);
}

/* A recording is refused, or printed in one format. The input chooses the format, since each of
 * them takes long. */
static inline void read_recording(const char *path, unsigned form)
{
	struct format_style style = { .table = { .width = 80, .all_threads = form & 1 },
				      .sample_type = (form >> 1) % 3 };
	const struct format *f = formats;
	struct report *r = NULL;

	if (recording_load(&r, path))
		return;
	for (form >>= 3; form && f[1].name; form--)
		f++;
	if ((r->profile || !f->stacks) && strcmp(f->name, "html")) /* JSON in an HTML page */
		g_string_free(f->render(r, &style), TRUE);
	report_free(r);
}

#endif
