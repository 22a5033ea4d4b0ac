/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Numbers for keys: 0, 1, 2 … in the order in which keys first came; equal keys have one number.
 * Keys have one fixed size and are compared as bytes, padding included. It must not know
 * what a key is.
 */
#ifndef TARE_INTERN_H
#define TARE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

struct intern *intern_new(size_t key_size);
void intern_free(struct intern *in); /* takes NULL */

/* The key's number; a new key is copied. */
uint32_t intern_put(struct intern *in, const void *key);
#define INTERN_NONE UINT32_MAX
/* The key's number, or INTERN_NONE. */
uint32_t intern_find(const struct intern *in, const void *key);
/* The key with this number. Valid until the next intern_put(). */
const void *intern_key(const struct intern *in, uint32_t number);
uint32_t intern_count(const struct intern *in);

#endif
