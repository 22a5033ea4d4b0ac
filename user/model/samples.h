/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples as they come, summed by task, kind, cause, place and stack, with those
 * whose memory still lives kept one by one until their range goes. Pure. It must
 * not know how a stack is unwound, nor what its frames are called.
 */
#ifndef TARE_SAMPLES_H
#define TARE_SAMPLES_H

#include <glib.h>
#include <stdint.h>

#include "base/intern.h"
#include "bpf/abi.h"
#include "model/asked.h"
#include "model/space.h"
#include "model/timeline.h"

/* frame.flags */
#define FRAME_KERNEL 1u /* address is the kernel's */
#define FRAME_MARK 2u   /* address is an enum frame_mark */
#define FRAME_GUESS 4u  /* found by frame pointer where nothing says there is one */
#define FRAME_EXACT 8u  /* address of an instruction, not a return address less one */
#define FRAME_NAMED 16u /* of code in no file: `file` is the number of its name */

/* So begins the name of a Python function, as in the maps that Python writes for perf. */
#define PYTHON_NAME "py::"

enum frame_mark {
	MARK_TRUNCATED, /* the stack goes on: nobody knows where */
	MARK_NO_STACK,
	MARK_EXECVE,    /* the kernel loads a program: there is no user stack */
	MARK_NO_SAMPLE, /* the ledger has it, and no sample met it */
	MARK_BEFORE,    /* held before tare came, or copied by fork */
	MARK_LEFT,      /* kernel memory of an ended process that others give back, or nobody */
	MARK_THINNED,   /* left out of a recording for its size */
	FRAME_MARKS,
};

/* One place in code. In a file: its number and the address as the ELF file has it;
 * elsewhere the process (`space` of the mm) and the address at run time. */
struct frame {
	uint64_t address;
	uint64_t space; /* id of the mm, for code that is in no file; else 0 */
	uint32_t file;  /* or NO_FILE; FRAME_NAMED: see there, and the address is its start */
	uint32_t flags;
};

#define NO_NODE UINT32_MAX

/* A stack is a way down a tree: a node's parent is who called it. */
struct stack_node {
	uint32_t parent; /* NO_NODE: outermost */
	uint32_t frame;
};

struct tally_key {
	uint64_t task;
	uint32_t kind, cause;
	uint32_t node;
	uint32_t place; /* enum place_kind */
	uint32_t name;  /* of the place: number of a text, 0 none */
	uint32_t file;  /* likewise, of a file, or NO_FILE */
};

struct tally {
	uint64_t proc;
	uint64_t count;   /* samples */
	uint64_t grown;   /* bytes */
	int64_t live;     /* bytes of those that live */
	uint64_t at_peak; /* bytes live at peak number peak_seq, and gone since */
	uint64_t peak_seq;
};

/* Address space asked for, by a key whose kind is 0. */
struct asked_tally {
	uint64_t count; /* samples */
	uint64_t bytes;
};

struct sample_file {
	uint64_t inode;
	uint32_t dev;
	char *path;          /* as it was in the process's mount namespace */
	bool deleted, whole; /* whole: no part of the path was cut */
};

struct samples {
	uint64_t page_size;
	GHashTable *spaces;                   /* id of mm -> struct space */
	GHashTable *lives;                    /* id of mm -> GTree of struct life by page */
	struct intern *frames, *nodes, *keys; /* struct frame, stack_node, tally_key */
	GArray *tallies;                      /* struct tally, by the number of its key */
	/* NULL, or told of each sample and the tally that it went to. */
	void (*added)(void *ctx, const struct tare_sample *sample, uint32_t tally);
	void *added_ctx;
	GArray *early;             /* struct early: samples whose range is not told */
	struct asked *asked;       /* what is mapped of it */
	struct intern *asked_keys; /* struct tally_key */
	GArray *asked_tallies;     /* struct asked_tally, by the number of its key */
	GPtrArray *names;          /* char *; number 0 is "" */
	GHashTable *name_numbers;
	GPtrArray *files; /* struct sample_file * */
	GHashTable *file_numbers;
	struct timeline *timeline; /* of tallies */
	uint64_t taken, complete, truncated, no_stack, guessed;
	uint64_t mapped;      /* of taken: memory that has an address, known or not */
	uint64_t user_stacks; /* samples that should have one: complete + truncated */
};

struct samples *samples_new(uint64_t page_size);
void samples_free(struct samples *s); /* takes NULL */

struct space *samples_space(struct samples *s, uint64_t mm); /* made when new */
uint32_t samples_name(struct samples *s, const char *name);
uint32_t samples_file(struct samples *s, const struct tare_file *file);
uint32_t samples_file_named(struct samples *s, uint32_t dev, uint64_t inode, const char *path);

/* What a mapped file is, by its path: shared memory and rings have names of their own. */
enum place_kind samples_place(const char *path);

/* Take one record. samples_map() returns the number of the file. */
void samples_range(struct samples *s, const struct tare_range *r);
uint32_t samples_map(struct samples *s, const struct tare_map *m);
struct space *samples_image(struct samples *s, const struct tare_image *i, uint32_t *exe);

/* Builds a stack from its outermost frame inwards; start with NO_NODE. */
uint32_t samples_push(struct samples *s, uint32_t node, const struct frame *f);
void samples_add(struct samples *s, const struct tare_sample *sample, uint32_t node,
		 uint32_t thread_name);

/* The same of one that is TARE_SAMPLE_ASKED. */
/* A task's last record: its kernel stack is gone, and its other kernel memory nobody's.
 * After all samples from before. */
void samples_task_ended(struct samples *s, uint64_t task, uint64_t time_ns, uint64_t peak_seq);
void samples_asked(struct samples *s, const struct tare_sample *sample, uint32_t node);
/* Bytes of each asked_tally that are mapped now and have no sample that lives in them; an
 * array of asked_tallies->len. */
void samples_untouched(const struct samples *s, int64_t *untouched);

/* Bytes that live now, and that lived at peak `peak_seq` (the last one, or
 * TARE_PEAK_NOW), of each tally: arrays of tallies->len. */
void samples_live(const struct samples *s, uint64_t peak_seq, uint64_t *at_peak, uint64_t *at_end);

#endif
