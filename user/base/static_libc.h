/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Parts of libc that a static tare replaces. In a static program glibc loads modules for the names
 * of users and for character sets with dlopen(), and libdw loads libdebuginfod. Each brings a
 * second libc into the process, and both then grow one heap. So nothing is loaded: the files in
 * /etc and the program `getent` know the names. In a dynamic tare libc's own functions are used.
 */
#ifndef TARE_STATIC_LIBC_H
#define TARE_STATIC_LIBC_H

#include <stdbool.h>

#ifdef TARE_STATIC
#define IS_STATIC true
#else
#define IS_STATIC false
#endif

/* Sets LC_CTYPE from the environment. A static tare knows UTF-8 and ASCII only. */
void static_libc_locale(void);

#endif
