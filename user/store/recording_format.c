/* SPDX-License-Identifier: GPL-2.0-only */
#include "store/recording_format.h"

#include <fcntl.h>
#include <unistd.h>

#include "store/recording_limits.h"

#define SCHEMA_AT 60 /* in the file's header: user_version, big endian */

/* The tables that the reader of the report needs. It does not read samples, ranges, tallies and
 * rounds. */
static const char *const tables[] = { "figures",    "texts",         "command",  "features",
				      "processes",  "process_texts", "balances", "foreigners",
				      "tasks",      "series",        "slabs",    "modules",
				      "frames",     "nodes",         "places",   "causes",
				      "entries",    "asked",         "ticks",    "task_names",
				      "task_kinds", "task_causes",   NULL };

static const char *const rounds_tables[] = { "figures", "rounds", "round_names", "round_rows",
					     NULL };

#define FORMAT_WITH(number, list)                                                        \
	{                                                                                \
		.what = "tare run -r", .application_id = 0x74617272, .schema = (number), \
		.tables = (list),                                                        \
	}
#define FORMAT(number) FORMAT_WITH(number, tables)

static const struct db_format formats[] = { FORMAT(RECORDING_SCHEMA), FORMAT(3), FORMAT(2),
					    FORMAT(1) };

const struct db_format recording_rounds_format = FORMAT_WITH(RECORDING_SCHEMA, rounds_tables);

const char *const process_text_name[2] = { "argument", "image" };
const char *const nonowner_what_name[2] = { "rss", "kmem" };
const struct recording_limits recording_limits = RECORDING_LIMITS;

const struct db_format *recording_format_of(int dir, const char *name)
{
	/* O_NONBLOCK: opening a fifo must not wait for its other end. */
	int fd = openat(dir, name ? name : "", O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	unsigned char schema[4] = { 0 };
	ssize_t len = fd < 0 ? 0 : pread(fd, schema, sizeof(schema), SCHEMA_AT);

	if (fd >= 0)
		close(fd);
	for (unsigned i = 1; len == sizeof(schema) && i < G_N_ELEMENTS(formats); i++)
		if (!schema[0] && !schema[1] && !schema[2] && schema[3] == formats[i].schema)
			return &formats[i];
	return &formats[0];
}
