/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What the BPF program reads of an interpreter's memory, which the program itself may have
 * written: any code objects and frames, inserted into a native stack.
 */
/* runs: 6000 */
#include "symbol/python.h"
#include "tests/fuzz/fuzz.h"

#define FILE_NUMBER 3
#define LOOP 0x1000
#define NATIVE 48 /* frames */

static uint32_t number(void *ctx, const char *name)
{
	must(g_utf8_validate(name, -1, NULL));
	return ++*(uint32_t *)ctx;
}

static void give_code(struct python *p, struct input *in)
{
	size_t least = sizeof(struct tare_python_code) - TARE_PYTHON_TABLE;
	uint32_t size = input_number(in, 1);
	struct tare_python_code *c = g_malloc0(least + size);

	input_bytes(in, c, least + size);
	c->head.size = (uint32_t)(least + size);
	if (c->id & 1)
		c->id &= 0xff;
	if (!(c->pad & 1))
		c->size = size;
	python_code(p, c);
	g_free(c);
}

/* A record as the BPF program writes it, in a block of exactly its size. */
static void give_stack(struct python *p, struct input *in)
{
	size_t least = sizeof(struct tare_python_stack) - TARE_PYTHON_FRAMES * 8;
	uint32_t n = input_number(in, 1) % (TARE_PYTHON_FRAMES + 1);
	struct tare_python_stack *s = g_malloc0(least + n * 8);

	s->head.type = TARE_REC_PYTHON;
	s->head.size = (uint32_t)(least + n * 8);
	s->head.time_ns = input_number(in, 1) % 2;
	s->task = input_number(in, 1) % 2;
	s->n = n;
	s->more = input_number(in, 1);
	if (s->more & 64)
		s->n = (uint32_t)input_number(in, 4);
	for (uint32_t i = 0; i < n; i++) {
		s->frame[i] = input_number(in, 1 + i % 2);
		s->frame[i] |= input_number(in, 1) << TARE_PYTHON_ID;
	}
	python_stack(p, s);
	g_free(s);
}

static void merge(struct python *p, struct input *in)
{
	struct tare_sample sample = { .head = { .time_ns = input_number(in, 1) % 2 },
				      .task = input_number(in, 1) % 2 };
	struct frame native[NATIVE];
	struct unwound w = { native, input_number(in, 1) % NATIVE, false, false }, out;
	uint32_t names = 0;

	w.complete = input_number(in, 1) & 1;
	for (unsigned i = 0; i < w.n; i++)
		native[i] = (struct frame){
			.address = input_number(in, 1) & 1 ? LOOP + 8 : 0x9000,
			.file = input_number(in, 1) % 4,
		};
	out = python_merge(p, &sample, &w, number, &names);
	must(out.n <= w.n + TARE_PYTHON_FRAMES + 1);
	for (unsigned i = 0; i < out.n; i++)
		must(!(out.frames[i].flags & FRAME_NAMED) ||
		     (out.frames[i].file <= names && out.frames[i].address <= UINT32_MAX));
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct python *p = python_new();

	python_loop(p, FILE_NUMBER, LOOP, input_number(&in, 8));
	for (int i = 0; in.left && i < 32; i++)
		switch (input_number(&in, 1) % 3) {
		case 0:
			give_code(p, &in);
			break;
		case 1:
			give_stack(p, &in);
			break;
		default:
			merge(p, &in);
		}
	python_free(p);
	return 0;
}
