/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Mount points out of the text of /proc/self/mountinfo. Pure.
 */
#ifndef TARE_MOUNTS_H
#define TARE_MOUNTS_H

/* Mount point of the first file system of `type` that has `option` among its super block options
 * (NULL: any). NULL: it is not mounted. Free with g_free(). */
char *mounts_find(const char *mountinfo, const char *type, const char *option);

#endif
