/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A rollback journal that another user may have made, played back into a database that this
 * user may have made too. The input is either any bytes, or well-formed: with valid headers and
 * checksums.
 */
/* runs: 80000 */
#include "store/db_rollback.h"
#include "tests/fuzz/fuzz.h"

#define SIZE_MOST (256 << 10) /* bytes of a database and of a journal */
#define PIECES 64
#define CHECKED_EACH 200

static void put_number(GByteArray *to, uint32_t n)
{
	uint8_t bytes[] = { (uint8_t)(n >> 24), (uint8_t)(n >> 16), (uint8_t)(n >> 8), (uint8_t)n };

	g_byte_array_append(to, bytes, sizeof(bytes));
}

static uint32_t any_number(struct input *in)
{
	static const uint32_t edges[] = { 0,   1,   2,    31,    32,    33,        511,
					  512, 513, 4096, 65535, 65536, INT32_MAX, UINT32_MAX };
	uint8_t what = (uint8_t)input_number(in, 1);

	if (what & 1)
		return edges[(what >> 1) % G_N_ELEMENTS(edges)];
	return (uint32_t)input_number(in, what & 2 ? 4 : 1);
}

struct form {
	uint32_t nonce, sector, page;
};

static void put_header(GByteArray *journal, struct form *f, struct input *in)
{
	static const uint8_t magic[] = { 0xd9, 0xd5, 0x05, 0xf9, 0x20, 0xa1, 0x63, 0xd7 };
	guint start = journal->len;
	uint8_t what = (uint8_t)input_number(in, 1);

	g_byte_array_append(journal, magic, sizeof(magic));
	put_number(journal, any_number(in)); /* records */
	f->nonce = any_number(in);
	put_number(journal, f->nonce);
	put_number(journal, any_number(in)); /* pages before the commit */
	f->sector = what & 1 ? any_number(in) : 32u << (what >> 1) % 12;
	put_number(journal, f->sector);
	f->page = what & 0x80 ? any_number(in) : 512u << (what >> 4) % 8;
	put_number(journal, f->page);
	if (f->sector <= 65536 && f->sector > 28) {
		g_byte_array_set_size(journal, start + f->sector);
		memset(journal->data + start + 28, 0, f->sector - 28);
	}
}

static void put_page(GByteArray *journal, const struct form *f, struct input *in)
{
	uint32_t sum = f->nonce;
	guint start;

	if (f->page > 65536)
		return;
	put_number(journal, any_number(in));
	start = journal->len;
	g_byte_array_set_size(journal, start + f->page);
	input_bytes(in, journal->data + start, smaller(f->page, in->left % 97));
	memset(journal->data + start + MIN(f->page, 96), journal->len & 0xff,
	       f->page - MIN(f->page, 96));
	for (int i = (int)f->page - CHECKED_EACH; i > 0; i -= CHECKED_EACH)
		sum += journal->data[start + (guint)i];
	put_number(journal, input_number(in, 1) % 16 ? sum : any_number(in));
}

/* Pads the journal to where SQLite would put the next header. */
static void fill_sector(GByteArray *journal, const struct form *f)
{
	guint rest = f->sector ? journal->len % f->sector : 0, start = journal->len;

	if (!rest || f->sector > 65536)
		return;
	g_byte_array_set_size(journal, start + f->sector - rest);
	memset(journal->data + start, 0, f->sector - rest);
}

static GByteArray *put_together(struct input *in)
{
	GByteArray *journal = g_byte_array_new();
	struct form f = { 0 };

	put_header(journal, &f, in);
	for (int i = 0; in->left && i < PIECES && journal->len < SIZE_MOST; i++) {
		uint8_t what = (uint8_t)input_number(in, 1);

		if (what % 8 == 0) {
			fill_sector(journal, &f);
			put_header(journal, &f, in);
		} else if (what % 8 == 1) {
			put_number(journal, any_number(in));
		} else {
			put_page(journal, &f, in);
		}
	}
	return journal;
}

/* A block of exactly this size, so that any read beyond it is seen. */
static void roll_back(size_t size, const uint8_t *journal, size_t journal_size)
{
	unsigned char *db = malloc(size), *exact = malloc(journal_size);
	size_t now;

	must(db && exact);
	memset(db, 0x5a, size);
	memcpy(exact, journal, journal_size);
	now = db_rollback(db, size, exact, journal_size);
	must(now <= size);
	must(!memcmp(exact, journal, journal_size));
	free(db);
	free(exact);
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
	size_t db = input_number(&in, 3) % SIZE_MOST + 1;
	GByteArray *journal;

	if (input_number(&in, 1) % 4 == 0) {
		if (in.left)
			roll_back(db, in.at, in.left);
		return 0;
	}
	journal = put_together(&in);
	roll_back(db, journal->data, journal->len);
	g_byte_array_free(journal, TRUE);
	return 0;
}
