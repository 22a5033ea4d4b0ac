/* SPDX-License-Identifier: GPL-2.0-only
 *
 * The part of history.c that keeps samples: a ring of sums, each of one aggregate over a tenth of
 * a second. Aggregates that are folded into others are followed. Nobody but history.c uses it.
 */
#ifndef TARE_HISTORY_SAMPLES_H
#define TARE_HISTORY_SAMPLES_H

#include "model/history.h"

struct history_samples;

struct history_samples *history_samples_new(uint32_t size);
void history_samples_free(struct history_samples *s);
uint64_t history_samples_bytes(const struct history_samples *s);
void history_samples_add(struct history_samples *s, uint64_t time_ns, uint32_t aggregate,
			 uint64_t bytes);
void history_samples_fold(struct history_samples *s, uint32_t aggregate, uint32_t into);
void history_samples_each(const struct history_samples *s, uint64_t from_ns, uint64_t to_ns,
			  history_sample_fn fn, void *ctx);
uint64_t history_samples_oldest(const struct history_samples *s);

#endif
