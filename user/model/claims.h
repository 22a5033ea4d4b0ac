/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Claims: what accounts of kernel memory say that they hold, limited to the known total. Pure. It
 * must not know whose accounts they are.
 *
 * An account holds the charges of its task less the task's own frees. Frees by others are not
 * known. So all accounts together may claim more than the total. The largest claims
 * are cut first, all to one height: part of a large claim has most likely been freed by
 * others, while a small claim most likely still exists.
 */
#ifndef TARE_CLAIMS_H
#define TARE_CLAIMS_H

#include <stdint.h>

/* Change the `n` claims so that each is at least 0 and their sum is at most `total` (0 if `total`
 * is below 0). Claims below the height do not change. Returns the part of the total that is
 * not claimed, at least 0. Bytes. */
int64_t claims_settle(int64_t *claims, unsigned n, int64_t total);

#endif
