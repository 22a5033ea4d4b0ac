/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Records of the ring and of sweeps with any types and sizes, and with names and arguments that
 * a workload chooses. Impossible records are counted; from the others the books can be closed
 * and shown.
 */
/* runs: 16000 */
#include "bpf/ledger.h"
#include "capture/cause.h"
#include "model/books.h"
#include "model/proctable.h"
#include "output/formats.h"
#include "tests/fuzz/fuzz.h"

#define RECORDS 64
#define CHUNK sizeof(struct tare_exec)

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	(void)argc, (void)argv;
	be_quiet();
	return 0;
}

/* Few ids, so that records concern the same tasks. */
static uint64_t some_id(struct input *in)
{
	return input_number(in, 1) % 6;
}

/* The kernel's counters are plausible: below 2^39 pages. */
static void within_reason(void *words, size_t size)
{
	int64_t *pt = words;

	for (size_t i = 0; i < size / sizeof(*pt); i++)
		pt[i] = (int64_t)((uint64_t)pt[i] << 24) >> 24;
}

/* Sets the record's head and its ids; the rest of the record is input. */
static size_t make_record(struct input *in, unsigned char *to)
{
	static const size_t sizes[] = {
		[TARE_REC_TASK_NEW] = sizeof(struct tare_task_new),
		[TARE_REC_MM_END] = sizeof(struct tare_mm_end),
		[TARE_REC_EXEC] = sizeof(struct tare_exec),
		[TARE_REC_RENAME] = sizeof(struct tare_rename),
		[TARE_REC_MM] = sizeof(struct tare_mm_end),
	};
	struct tare_record *head = (void *)to;
	struct tare_mm_end *mm = (void *)to;
	uint64_t *ids = (void *)(head + 1);
	uint8_t type = input_number(in, 1), n = input_number(in, 1);
	uint32_t causes = n % (TARE_TASK_CAUSES + 1);

	head->type = type % 9;
	head->size = head->type < G_N_ELEMENTS(sizes) && sizes[head->type] ?
			     (uint32_t)sizes[head->type] :
			     (uint32_t)ledger_record_size(causes);
	input_bytes(in, to + sizeof(*head),
		    MIN(head->size, 8u * (n & 31)) - MIN(sizeof(*head), 8u * (n & 31)));
	if (head->type == TARE_REC_TASK || head->type == TARE_REC_TASK_END) {
		char comm[TARE_COMM_LEN];

		memcpy(comm, ((struct tare_task *)ids)->comm, sizeof(comm));
		within_reason(ids, head->size - sizeof(*head));
		memcpy(((struct tare_task *)ids)->comm, comm, sizeof(comm));
	}
	if (head->type == TARE_REC_MM || head->type == TARE_REC_MM_END)
		within_reason(ids, head->size - sizeof(*head));
	ids[0] = some_id(in);
	ids[1] = some_id(in);
	if (head->type == TARE_REC_TASK || head->type == TARE_REC_TASK_END)
		((struct tare_task *)ids)->n_causes = causes;
	if (head->type == TARE_REC_MM || head->type == TARE_REC_MM_END) {
		mm->mm.id = ids[0];
		mm->mm.proc = ids[1];
	}
	if (head->type == TARE_REC_EXEC)
		((struct tare_exec *)to)->argv_len = n * 32u;
	if (type & 0x40)
		head->size = (uint32_t)input_number(in, 2);
	return smaller(type & 0x80 ? input_number(in, 2) : head->size, CHUNK);
}

static void close_and_show(struct proctable *pt, struct input *in)
{
	struct format_style style = { .table = { .width = 80, .all_threads = true } };
	static const char *const names[] = { "table", "json", "csv" };
	const struct format *f = format_named(names[input_number(in, 1) % G_N_ELEMENTS(names)]);
	struct report *r = report_new();
	struct books_input books = {
		.proctable = pt,
		.page_size = 4096,
		.sums_valid = input_number(in, 1) & 1,
		.cause_name = cause_name,
		.kmem = { .level = input_number(in, 1) % 3, .by_cgroup = CGROUP_UNKNOWN },
	};

	input_bytes(in, &books.workload, sizeof(books.workload));
	within_reason(&books.workload, sizeof(books.workload));
	books.now_ns = input_number(in, 5);
	books_close(r, &books);
	r->tare_version = g_strdup("0");
	r->kernel = g_strdup("0");
	g_string_free(f->render(r, &style), TRUE);
	report_free(r);
}

/* A malformed record is counted and otherwise ignored. */
static void take_record(struct proctable *pt, const void *data, size_t n)
{
	unsigned tasks = g_hash_table_size(pt->tasks), procs = g_hash_table_size(pt->procs);
	uint64_t malformed = pt->malformed;

	if (!proctable_record(pt, data, n))
		return;
	must(pt->malformed == malformed + 1);
	must(g_hash_table_size(pt->tasks) == tasks && g_hash_table_size(pt->procs) == procs);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = { data, size };
	struct proctable *pt = proctable_new(input_number(&in, 1) & 1);

	for (int i = 0; in.left && i < RECORDS; i++) {
		unsigned how = input_number(&in, 1) % 4;
		unsigned char *chunk = g_malloc0(CHUNK), *exact;
		size_t n = make_record(&in, chunk);

		exact = g_memdup2(chunk, n); /* a sanitizer sees reads beyond its end */
		switch (how) {
		case 0:
			proctable_sweep_begin(pt);
			proctable_sweep(pt, exact, n, false);
			break;
		case 1:
			proctable_sweep(pt, exact, n, true);
			break;
		default:
			take_record(pt, exact, n);
		}
		g_free(chunk);
		g_free(exact);
		must(proctable_living(pt) <= g_hash_table_size(pt->procs));
		must(proctable_exiting(pt) <= g_hash_table_size(pt->tasks));
	}
	close_and_show(pt, &in);
	proctable_free(pt);
	return 0;
}
