/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A valid recording with changed values.
 */
/* runs: 1100 */
#include "tests/fuzz/recording.h"

static struct report *(*const makers[])(void) = { fixture_profile, fixture_hostile, fixture_uring,
						  fixture_incident };
static char *path, *whole[G_N_ELEMENTS(makers)];
static gsize length[G_N_ELEMENTS(makers)];

/* Shortens arguments to what the kernel allows. */
static void shorten(GPtrArray *arguments)
{
	for (unsigned i = 0; i < arguments->len; i++)
		if (strlen(arguments->pdata[i]) > 1024)
			((char *)arguments->pdata[i])[1024] = '\0';
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	path = file_named("recording");
	for (unsigned i = 0; i < G_N_ELEMENTS(makers); i++) {
		struct report *r = makers[i]();

		shorten(r->command);
		for (unsigned j = 0; j < r->processes->len; j++)
			shorten(((struct report_process *)r->processes->pdata[j])->argv);
		write_recording(path, r);
		must(g_file_get_contents(path, &whole[i], &length[i], NULL));
	}
	unlink(path);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	unsigned i = input_number(&in, 1) % G_N_ELEMENTS(makers), form = input_number(&in, 1) & 63;

	write_bytes(path, whole[i], length[i]);
	change_values(path, &in);
	read_recording(path, form);
	unlink(path);
	return 0;
}
