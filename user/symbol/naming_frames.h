/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a profile's frames need once they have names.
 */
#ifndef TARE_NAMING_FRAMES_H
#define TARE_NAMING_FRAMES_H

#include "model/profile.h"

/* Remove tare's own frames from the stacks. */
void naming_hide_own(struct profile *p);
/* If stacks have only CPython's interpreter function, say in its name why. */
void naming_mark_python(struct profile *p);

#endif
