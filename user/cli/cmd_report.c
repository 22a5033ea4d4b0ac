/* SPDX-License-Identifier: GPL-2.0-only
 *
 * tare report: what reports look like. So far the schema of the JSON only.
 */
#include <stdio.h>
#include <string.h>

#include "base/err.h"
#include "cli/cmd.h"
#include "output/output.h"

int cmd_report(int argc, char **argv)
{
	if (argc == 2 && !strcmp(argv[1], "--schema")) {
		fputs(json_schema(), stdout);
		return 0;
	}
	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		puts("Usage: tare report --schema\n\n"
		     "Print the JSON Schema of the reports (tare.report/1).");
		return 0;
	}
	error("report takes --schema");
	hint("tare report --schema");
	return EXIT_USAGE;
}
