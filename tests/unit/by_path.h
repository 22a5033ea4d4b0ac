/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Opens outputs by path before a store uses them.
 */
#ifndef BY_PATH_H
#define BY_PATH_H

#include "base/fileout.h"
#include "store/bench_store.h"
#include "store/recording.h"

static inline int bench_create_at(struct bench_store **s, const char *path, const struct bench *b,
				  const struct owner *owner)
{
	struct fileout *out;
	int err = fileout_open(&out, path, owner);

	if (err)
		return err;
	err = bench_store_create_output(s, out, b);
	fileout_close(out);
	return err;
}

static inline int bench_open_at(struct bench_store **s, const char *path)
{
	struct fileout *out;
	int err = fileout_open(&out, path, NULL);

	if (err)
		return err;
	err = bench_store_open_output(s, out);
	fileout_close(out);
	return err;
}

static inline int recording_check_at(const char *path)
{
	struct fileout *out;
	int err = fileout_open(&out, path, NULL);

	if (err)
		return err;
	err = recording_check_output(out);
	fileout_close(out);
	return err;
}

#endif
