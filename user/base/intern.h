/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Equal keys, one number: 0, 1, 2 … in the order in which they first came. Keys are
 * of one fixed size and compared as bytes, padding included.
 */
#ifndef TARE_INTERN_H
#define TARE_INTERN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct intern;

struct intern *intern_new(size_t key_size);
void intern_free(struct intern *in); /* takes NULL */

/* The key's number; it is copied when it is new. */
uint32_t intern_put(struct intern *in, const void *key);
#define INTERN_NONE UINT32_MAX
/* Its number, or INTERN_NONE. */
uint32_t intern_find(const struct intern *in, const void *key);
/* Valid until the next intern_put(). */
const void *intern_key(const struct intern *in, uint32_t number);
uint32_t intern_count(const struct intern *in);

#endif
