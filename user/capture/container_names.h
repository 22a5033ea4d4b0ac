/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Names of a container and its pod, from files that runtimes leave: no socket is asked. All files
 * may have been written by somebody else, so they are bounded, and opened only if they are regular.
 */
#ifndef TARE_CONTAINER_NAMES_H
#define TARE_CONTAINER_NAMES_H

struct container_names {
	char *container, *pod, *namespace; /* for people; NULL: no file tells it */
};

/* `root`: "" or, in tests, a directory that stands for /. `id`: of the container, as container_of()
 * gives it; `pod`: the pod's uid, or NULL. Free with container_names_clear(). */
void container_names_read(struct container_names *n, const char *root, const char *id,
			  const char *pod);
void container_names_clear(struct container_names *n);

#endif
