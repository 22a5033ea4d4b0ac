/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The ring of samples with any type, size, address, path, registers and stack. None of the
 * processes exists, so the result does not depend on what else runs.
 */
/* runs: 3000 */
#include "capture/sampler.h"
#include "tests/fuzz/fuzz.h"

#define RECORDS 48
#define NOBODY 0x7ffffff0u
#define CHUNK (sizeof(struct tare_image) + 4096)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

static uint64_t some_address(struct input *in)
{
	uint64_t n = input_number(in, 2);

	return n & 1 ? n << 12 : n & 2 ? ~(n << 12) : input_number(in, 8);
}

static void make_file(struct input *in, struct tare_file *f)
{
	static const char *const parts[] = { "a", "libx.so", "python3.11", "..", "", "\n" };

	f->inode = input_number(in, 1);
	f->names = input_number(in, 1) % (TARE_PATH_PARTS + 2);
	f->deleted = input_number(in, 1) & 1;
	for (unsigned i = 0; i < MIN(f->names, 4u); i++)
		strcpy(f->name[i], parts[input_number(in, 1) % G_N_ELEMENTS(parts)]);
	if (input_number(in, 1) & 1)
		input_bytes(in, f->name[0], TARE_PART_LEN);
}

static void make_sample(struct input *in, struct tare_sample *s)
{
	s->task = input_number(in, 1) % 4;
	s->proc = s->mm = input_number(in, 1) % 4;
	s->peak_seq = input_number(in, 1);
	s->bytes = input_number(in, 1) << 12;
	s->address = some_address(in);
	s->size = input_number(in, 2) << 12;
	s->tgid = NOBODY;
	s->kind = input_number(in, 1) % (TARE_KINDS + 1);
	s->cause = input_number(in, 1);
	s->flags = input_number(in, 1);
	/* No kernel frames: the kernel's names would be read, and they change with each BPF
	 * program on this machine. The unit tests have kernel frames. */
	input_number(in, 1); /* as some inputs in the corpus do */
	s->flags &= ~TARE_SAMPLE_KERNEL;
	s->stack = input_number(in, 1) * 8;
	s->chain = input_number(in, 1);
	for (unsigned i = 0; i < TARE_REGS; i++)
		s->regs[i] = some_address(in);
	input_bytes(in, s + 1, s->stack);
}

static void make_vma(struct input *in, struct tare_vma *r)
{
	r->mm = input_number(in, 1) % 4;
	r->peak_seq = input_number(in, 1);
	r->tgid = NOBODY;
	r->what = input_number(in, 1) % 13;
	r->start = some_address(in);
	r->size = some_address(in);
	r->a = input_number(in, 1) & 1 ? some_address(in) : input_number(in, 1);
	r->b = input_number(in, 1) & 1 ? some_address(in) : input_number(in, 1);
	input_bytes(in, r->name, sizeof(r->name));
}

static void make_map(struct input *in, struct tare_map *m)
{
	m->mm = input_number(in, 1) % 4;
	m->start = some_address(in);
	m->size = some_address(in);
	m->offset = some_address(in);
	m->tgid = NOBODY;
	m->prot = input_number(in, 1);
	make_file(in, &m->file);
}

static void make_image(struct input *in, struct tare_image *i)
{
	i->mm = i->proc = input_number(in, 1) % 4;
	i->start_stack = some_address(in);
	i->start_brk = some_address(in);
	i->tgid = NOBODY;
	for (unsigned a = 0; a < 16; a++)
		i->auxv[a] = a & 1 ? some_address(in) : input_number(in, 1);
	make_file(in, &i->file);
}

static uint32_t make_record(struct input *in, struct tare_record *head)
{
	size_t size = input_number(in, 2);

	head->type = TARE_REC_SAMPLE + input_number(in, 1) % 7;
	head->time_ns = input_number(in, 2);
	switch (head->type) {
	case TARE_REC_SAMPLE:
		make_sample(in, (void *)head);
		return sizeof(struct tare_sample) + ((struct tare_sample *)head)->stack +
		       (((struct tare_sample *)head)->flags & TARE_SAMPLE_KERNEL ?
				TARE_KERNEL_FRAMES * 8 :
				0) +
		       (((struct tare_sample *)head)->flags & TARE_SAMPLE_CHAIN ?
				TARE_CHAIN_FRAMES * 8 :
				0);
	case TARE_REC_VMA:
		make_vma(in, (void *)head);
		return sizeof(struct tare_vma);
	case TARE_REC_MAP:
		make_map(in, (void *)head);
		return sizeof(struct tare_map);
	case TARE_REC_IMAGE:
		make_image(in, (void *)head);
		return sizeof(struct tare_image);
	default:
		input_bytes(in, head + 1, size % 1200);
		return (uint32_t)(sizeof(*head) + size % 1200);
	}
}

static void profile(struct sampler *s)
{
	struct report *r = report_new();
	struct tare_sampling counts = { 0 };
	struct profile *p = sampler_profile(s, r, &counts, 3, 0, NULL);

	profile_free(p);
	report_free(r);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct proctable *pt = proctable_new(false);
	struct sampler *s = sampler_new(65536, input_number(&in, 1) & 1, NULL, NULL);

	for (int i = 0; in.left && i < RECORDS; i++) {
		struct tare_record *head = g_malloc0(CHUNK);
		uint8_t odd = input_number(&in, 1);
		unsigned char *exact;

		head->size = (uint32_t)smaller(make_record(&in, head), CHUNK);
		if (odd > 240)
			head->size = (uint32_t)input_number(&in, 2) % CHUNK;
		exact = g_memdup2(head, MAX(head->size, sizeof(*head)));
		sampler_record(s, pt, exact, MAX(head->size, sizeof(*head)) - (odd == 240));
		if (odd & 1)
			sampler_caught_up(s);
		g_free(exact);
		g_free(head);
	}
	profile(s);
	sampler_free(s);
	proctable_free(pt);
	return 0;
}
