/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What /proc knows of a process while it lives, for the world: the file that it
 * runs and its arguments.
 */
#ifndef TARE_DESCRIBE_H
#define TARE_DESCRIBE_H

#include "model/world.h"

/* After an exec. The path that the kernel was given may be relative or a link. */
void describe_exec(struct world *w, const struct tare_exec *exec);
/* Those that ran before: no exec event told of them. */
void describe_found(struct world *w);

#endif
