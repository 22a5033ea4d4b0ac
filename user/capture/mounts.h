/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Mount points out of the text of /proc/self/mountinfo. Pure.
 */
#ifndef TARE_MOUNTS_H
#define TARE_MOUNTS_H

/* Where the first file system of `type` is mounted, whose super block options
 * hold `option` (NULL: any). NULL: nowhere; else free with g_free(). */
char *mounts_find(const char *mountinfo, const char *type, const char *option);

#endif
