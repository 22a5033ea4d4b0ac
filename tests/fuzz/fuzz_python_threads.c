/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Any memory in the place of a Python program's, whose threads' names are read: this process's
 * own, in which numbers become addresses.
 */
/* runs: 12000 */
#include "symbol/python.h"
#include "symbol/python_threads.h"
#include "tests/fuzz/fuzz.h"

#define WORDS 512

static void on_thread(void *ctx, uint32_t tid, const char *name)
{
	++*(unsigned *)ctx;
	must(tid && tid <= INT32_MAX);
	must(*name && g_utf8_validate(name, -1, NULL) && strlen(name) < 512);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct tare_python python = { 0 };
	uint64_t memory[WORDS], active;
	unsigned told = 0;

	python_layout(0x0308 + input_number(&in, 1) % 6, &python.at);
	for (unsigned i = 0; i < WORDS; i++) {
		uint64_t n = input_number(&in, 2);

		/* The even ones are addresses of what is here. */
		memory[i] = n & 1 ? n >> 1 | input_number(&in, 1) << 32 :
				    (uint64_t)(uintptr_t)&memory[(n >> 1) % WORDS];
	}
	python.runtime = (uintptr_t)memory;
	active = input_number(&in, 1) & 1 ? (uintptr_t)&memory[input_number(&in, 2) % WORDS] : 0;
	must(python_threads(getpid(), &python, &active, on_thread, &told) == told);
	return 0;
}
