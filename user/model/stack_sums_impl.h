/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Shared by the files of struct stack_sums: stack_sums.c takes reports and gives rows,
 * stack_sums_names.c numbers texts, functions, stacks and labels, stack_sums_shrink.c removes keys.
 */
#ifndef TARE_STACK_SUMS_IMPL_H
#define TARE_STACK_SUMS_IMPL_H

#include "base/intern.h"
#include "model/stack_sums.h"

/* Labels of a key. Keys of different control groups may have equal labels. */
struct sums_who {
	uint32_t label[SUMS_LABELS];
	uint32_t path; /* of the control group */
};

/* Numbers for all that a key consists of; when keys were removed, a new one is made. */
struct sums_names {
	GPtrArray *texts;         /* char *; number 0 is "" */
	GHashTable *by_text;      /* -> number */
	struct intern *functions; /* struct sums_function */
	GArray *addresses;        /* uint64_t, by function */
	struct intern *nodes;     /* struct stack_node; frame: number of a function */
	GArray *hashes;           /* uint64_t, by node: of the contents of its stack */
	struct intern *whos;      /* struct sums_who; number 0 has no labels */
};

void sums_names_new(struct sums_names *n);
void sums_names_free(struct sums_names *n);
uint32_t sums_text(struct sums_names *n, const char *text); /* NULL is "" */
uint32_t sums_function(struct sums_names *n, const struct sums_function *f);
uint32_t sums_push(struct sums_names *n, uint32_t parent, uint32_t function);
uint64_t sums_mix(uint64_t a, uint64_t b);
/* A number for stack and labels that does not change when they are renumbered. */
uint64_t sums_hash(const struct sums_names *n, uint32_t node, uint32_t who);
/* The function of a frame, as it is shown. */
uint32_t sums_frame(struct sums_names *n, const struct profile *p, const struct profile_frame *f);

struct sums_key {
	uint32_t node, who;
};

struct sum {
	uint64_t grown;
	uint64_t restored; /* of `grown`: what it had when it came back */
	uint64_t recent;   /* growth; halved each time that keys are removed */
	uint64_t held;
};

struct sums_mark {
	GArray *sums; /* struct sum, by key, as they were */
	uint64_t ledger, other_held;
};

struct stack_sums {
	bool kernel;
	unsigned most;
	struct sums_names names;
	struct intern *keys; /* struct sums_key */
	GArray *sums;        /* struct sum, by key */
	uint64_t ledger;     /* bytes grown, of the last report */
	uint64_t other_grown, other_held;
	GHashTable *gone; /* sums_hash() of removed keys -> uint64_t *: their growth */
	GPtrArray *marks; /* struct sums_mark, not owned */
	unsigned rest;    /* takes until labels may make it shrink again */
};

static inline struct sum *sums_at(const struct stack_sums *s, uint32_t key)
{
	return &g_array_index(s->sums, struct sum, key);
}

/* `other` gets what the ledger has more than the keys. */
void sums_settle_other(struct stack_sums *s);

#endif
