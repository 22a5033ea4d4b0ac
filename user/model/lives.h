/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Samples whose memory lives, of one address space, by page. Pure.
 *
 * They stand in pieces of bounded size, sorted; a page has one at most. About 40 bytes each.
 */
#ifndef TARE_LIVES_H
#define TARE_LIVES_H

#include <stdbool.h>
#include <stdint.h>

struct life {
	uint64_t page;
	uint64_t bytes;    /* that it stands for */
	uint64_t born_seq; /* number of the last peak before it */
	uint32_t tally;
};

struct lives;

struct lives *lives_new(void);
void lives_free(void *l); /* takes NULL */
unsigned lives_count(const struct lives *l);

/* Returns whether there was one on that page; then `old` has it. */
bool lives_put(struct lives *l, const struct life *life, struct life *old);

typedef void (*life_fn)(void *ctx, struct life *life);
/* Take out those on the pages [start, end), by page; `fn` gets each. It must not change `l`. */
void lives_cut(struct lives *l, uint64_t start, uint64_t end, life_fn fn, void *ctx);
/* Those on [start, end); `fn` may change all but the page. */
void lives_each(const struct lives *l, uint64_t start, uint64_t end, life_fn fn, void *ctx);

#endif
