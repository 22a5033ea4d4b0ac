/* SPDX-License-Identifier: GPL-2.0-only
 *
 * What a control group belongs to, by its path alone: container, pod, machine, unit, slice, snap.
 * Pure: no I/O, no state. It must not know which control groups there are.
 *
 * Paths are as in /proc/PID/cgroup. Anybody who may make control groups chooses their names, so a
 * path may be of any form: it is bounded here, and what is not understood is not guessed.
 */
#ifndef TARE_CONTAINER_H
#define TARE_CONTAINER_H

#include <stdbool.h>

#define CONTAINER_PATH 4096 /* bytes of a path that are looked at: its start */
#define CONTAINER_DEPTH 64  /* names of a path that are looked at: the innermost */

/* The innermost of each kind; NULL: there is none. */
struct container {
	/* "docker", "containerd", "cri-o", "podman", "lxc", "nspawn", "libvirt"; "oci" if an
	 * id is all there is. Static. */
	const char *runtime;
	char *id;    /* of the container: hexadecimal, at least 32 digits */
	char *name;  /* of a machine or an LXC container, which have no id */
	char *pod;   /* uid of a Kubernetes pod, or id of a podman pod */
	char *unit;  /* systemd's service, scope …; NULL for a container's own scope */
	char *slice; /* system.slice, user-1000.slice … */
	char *user;  /* number, of user@N.service or user-N.slice */
	char *snap;
};

/* Never fails. Free with container_clear(). */
void container_of(struct container *c, const char *cgroup);
void container_clear(struct container *c);

/* The short name of what a control group belongs to: its container ("docker:0123456789ab"), service
 * or scope, whichever is innermost; else its last name. "" for the root. Free with g_free(). */
char *container_title(const char *cgroup);

/* systemd's escapes undone: "\x2d" is "-". Never gives a control character or a slash: such an
 * escape stays as it is. Free with g_free(). */
char *container_unescape(const char *name);

#endif
