/* SPDX-License-Identifier: GPL-2.0-only
 *
 * For the tests of the model: makes records as the BPF programs write them.
 */
#ifndef TARE_TEST_RECORDS_H
#define TARE_TEST_RECORDS_H

#include <glib.h>
#include <string.h>

#include "bpf/ledger.h"
#include "model/proctable.h"

static inline struct tare_record head_of(uint32_t type, size_t size)
{
	return (struct tare_record){ .type = type, .size = size, .time_ns = 1000 };
}

static inline struct tare_task_new birth(uint64_t id, uint64_t proc, uint32_t tid, uint32_t tgid,
					 const char *comm)
{
	struct tare_task_new rec = {
		.head = head_of(TARE_REC_TASK_NEW, sizeof(rec)),
		.id = id,
		.proc = proc,
		.parent = 1,
		.tid = tid,
		.tgid = tgid,
		.ppid = 1,
		.start_ns = 100 * id,
	};

	memcpy(rec.comm, comm, strnlen(comm, sizeof(rec.comm)));
	return rec;
}

static inline struct tare_rename rename_to(uint64_t id, const char *comm)
{
	struct tare_rename rec = { .head = head_of(TARE_REC_RENAME, sizeof(rec)), .id = id };

	memcpy(rec.comm, comm, strnlen(comm, sizeof(rec.comm)));
	return rec;
}

static inline struct tare_exec *exec_of(uint64_t id, uint64_t proc, uint32_t tgid, const char *path,
					const char *argv, size_t len)
{
	struct tare_exec *rec = g_new0(struct tare_exec, 1);

	rec->head = head_of(TARE_REC_EXEC, sizeof(*rec));
	rec->id = id;
	rec->proc = proc;
	rec->tid = rec->tgid = tgid;
	rec->argv_len = len;
	memcpy(rec->argv, argv, len);
	strcpy(rec->path, path);
	g_strlcpy(rec->comm, strrchr(path, '/') + 1, sizeof(rec->comm));
	return rec;
}

struct task_record {
	struct tare_record head;
	struct tare_task t;
};

static inline struct task_record task_of(uint32_t type, uint64_t id, uint64_t proc, uint32_t tid)
{
	struct task_record rec = {
		.head = head_of(type, ledger_record_size(0)),
		.t = { .id = id, .proc = proc, .tid = tid, .tgid = proc, .start_ns = 100 * id },
	};

	if (type == TARE_REC_TASK_END)
		rec.t.end_ns = 5000 + id;
	return rec;
}

static inline struct tare_mm_end mm_of(uint32_t type, uint64_t id, uint64_t proc)
{
	return (struct tare_mm_end){
		.head = head_of(type, sizeof(struct tare_mm_end)),
		.mm = { .id = id, .proc = proc, .sums_valid = 1 },
	};
}

/* Each record is in a block of its own size, so that the address sanitizer sees any read past
 * its end. */
static inline int give_record(struct proctable *pt, const void *rec, size_t size)
{
	g_autofree void *copy = g_memdup2(rec, size);

	return proctable_record(pt, copy, size);
}

#define GIVE(pt, rec) give_record(pt, &(rec), ((const struct tare_record *)&(rec))->size)

#endif
