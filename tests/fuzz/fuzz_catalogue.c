/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any text in the place of a catalogue of workloads.
 */
/* runs: 400000 */
#include "bench/catalogue.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const values[] = { "n", "10", "src", "{n}{out}", NULL };
	g_autofree char *text = g_strndup((const char *)data, size);
	struct catalogue *c = NULL;
	GPtrArray *chosen;

	if (catalogue_parse(&c, "/c/catalogue.json", text, size))
		return 0;
	for (unsigned i = 0; i < c->workloads->len; i++) {
		const struct workload *w = c->workloads->pdata[i];
		g_autofree char *filled = catalogue_fill(w->build, values);

		must(g_str_has_prefix(w->source, "/c/"));
		must(!strstr(w->source, "/../"));
		must(w->run[0] && w->max > 0 && filled);
		chosen = catalogue_select(c, w->id);
		must(chosen && chosen->len);
		g_ptr_array_unref(chosen);
	}
	catalogue_free(c);
	return 0;
}
