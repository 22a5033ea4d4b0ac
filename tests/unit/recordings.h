/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of store/recording: makes recordings of fixtures.
 */
#ifndef TARE_TEST_RECORDINGS_H
#define TARE_TEST_RECORDINGS_H

#include "store/recording.h"
#include "tests/golden/fixtures.c"
#include "tests/unit/store_file.h"

static inline struct recording *begin(uint64_t max_size)
{
	struct recording_config config = { .max_size = max_size };
	struct recording *rec = NULL;

	if (recording_create(&rec, file, &config))
		fail_said("not created");
	return rec;
}

static inline struct report *load(void)
{
	struct report *r = NULL;

	if (recording_load(&r, file))
		fail_said("not loaded");
	return r;
}

/* Shortens arguments to 32 pages, the kernel's bound. Fixtures do not know that bound. */
static inline void shorten(const GPtrArray *arguments)
{
	for (unsigned i = 0; i < arguments->len; i++)
		if (strlen(arguments->pdata[i]) > 128 * KIB)
			((char *)arguments->pdata[i])[128 * KIB] = '\0';
}

static inline struct report *as_from_kernel(struct report *r)
{
	shorten(r->command);
	for (unsigned i = 0; i < r->processes->len; i++)
		shorten(((const struct report_process *)r->processes->pdata[i])->argv);
	return r;
}

static inline struct report *fixture(const char *name)
{
	for (unsigned i = 0; i < G_N_ELEMENTS(fixtures); i++)
		if (!strcmp(fixtures[i].name, name))
			return as_from_kernel(fixtures[i].make());
	fail_msg("no fixture %s", name);
	return NULL;
}

static inline void write_complete(const char *name)
{
	struct recording *rec = begin(64 << 20);
	struct report *r = fixture(name);

	if (recording_checkpoint(rec, r, true))
		fail_said("not written");
	recording_close(rec);
	report_free(r);
}

static inline int64_t ask_int(const char *sql)
{
	g_autofree char *value = query_text(sql);

	return g_ascii_strtoll(value, NULL, 10);
}

static inline void log_samples(struct recording *rec, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		struct recorded_sample s = {
			.time_ns = i * 1000,
			.bytes = 65536,
			.address = 0x7f0000000000 + i * 65536ULL,
			.aggregate = i % 7,
			.no_address = i % 100 == 0,
		};

		recording_sample(rec, &s);
	}
}

#endif
