/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What accounts say that they hold, against what there is of it in all. Pure. It must not
 * know whose they are.
 *
 * An account has what was charged to it less what its task freed itself; what others free of
 * it is not known. So all accounts together may claim more than there is. The largest claims
 * are cut first, all to one height: a large claim has most likely been freed in part by
 * others, a small one is most likely still there.
 */
#ifndef TARE_CLAIMS_H
#define TARE_CLAIMS_H

#include <stdint.h>

/* Make the `n` claims at least 0 each and at most `total` in all; a total below 0 is 0.
 * A claim that is below the height stays as it is. Returns what of the total nobody
 * claims, at least 0. */
int64_t claims_settle(int64_t *claims, unsigned n, int64_t total);

#endif
