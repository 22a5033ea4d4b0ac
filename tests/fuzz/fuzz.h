/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by all fuzzers: reading the input piece by piece, and a folder for files. A fuzzer is
 * a file of its own with LLVMFuzzerTestOneInput(), as libFuzzer wants it; tools/fuzz runs them.
 */
#ifndef TARE_FUZZ_H
#define TARE_FUZZ_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv);

struct input {
	const uint8_t *at;
	size_t left;
};

/* Copies as many bytes as are left, and fills the rest with 0. */
static inline void input_bytes(struct input *in, void *to, size_t size)
{
	size_t n = MIN(size, in->left);

	memset(to, 0, size);
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

static inline uint64_t input_number(struct input *in, unsigned bytes)
{
	uint64_t n = 0;

	input_bytes(in, &n, bytes);
	return n;
}

/* MIN() would evaluate the number twice. */
static inline size_t smaller(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* A copy of at most `most` bytes that ends with a NUL; free with g_free(). */
static inline char *input_text(struct input *in, size_t most)
{
	size_t n = MIN(in->left, most);
	char *text = g_malloc(n + 1);

	input_bytes(in, text, n);
	text[n] = '\0';
	return text;
}

/* Discards what log_error() and log_warn() print. libFuzzer and the sanitizers write to the
 * descriptor, not to the stream. */
static inline void be_quiet(void)
{
	FILE *nowhere = fopen("/dev/null", "we");

	if (nowhere)
		stderr = nowhere;
}

/* The path of a file in the folder that tools/fuzz makes for this fuzzer and removes. It has no
 * pid and nothing else that differs between runs, since libFuzzer learns from comparisons. */
static inline char *file_named(const char *name)
{
	const char *folder = getenv("FUZZ_DIR");

	return g_strdup_printf("%s/%s", folder ? folder : "/tmp", name);
}

/* Asserts what must hold for any input. */
#define must(x)                                                                             \
	do {                                                                                \
		if (!(x)) {                                                                 \
			dprintf(STDERR_FILENO, "%s:%d: not: %s\n", __FILE__, __LINE__, #x); \
			abort();                                                            \
		}                                                                           \
	} while (0)

#endif
