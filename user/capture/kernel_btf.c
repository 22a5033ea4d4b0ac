/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/kernel_btf.h"

#include <bpf/btf.h>
#include <errno.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/refuse.h"

/* A file in memory with these types, for libbpf to read by its name. */
static int keep(struct kernel_btf *k, const void *data, size_t size)
{
	k->fd = memfd_create("tare-btf", MFD_CLOEXEC);
	if (k->fd < 0)
		return -errno;
	for (size_t done = 0; done < size;) {
		ssize_t n = write(k->fd, (const char *)data + done, size - done);

		if (n < 0)
			return -errno;
		done += n;
	}
	g_free(k->path);
	k->path = g_strdup_printf("/proc/self/fd/%d", k->fd);
	return 0;
}

/* For tests: without the names that are to be refused. */
static int without_refused(struct kernel_btf *k)
{
	uint32_t size = 0;
	const void *data = refuse_any() ? btf__raw_data(k->btf, &size) : NULL;
	g_autofree void *copy = data ? g_memdup2(data, size) : NULL;
	int n = copy ? refuse_types(copy, size) : 0, err;

	if (n <= 0)
		return n;
	err = keep(k, copy, size);
	if (err)
		return err;
	btf__free(k->btf);
	k->btf = btf__new(copy, size);
	return k->btf ? 0 : -errno;
}

int kernel_btf_open(struct kernel_btf *k, const char *file)
{
	*k = (struct kernel_btf){ .fd = -1, .path = g_strdup(file) };
	k->btf = file ? btf__parse(file, NULL) : btf__load_vmlinux_btf();
	if (!k->btf && file) {
		error("--btf %s: %s", file,
		      errno == EINVAL || errno == EPROTO ? "no BTF is in it" : g_strerror(errno));
		return -EINVAL;
	}
	return k->btf ? without_refused(k) : -errno;
}

void kernel_btf_close(struct kernel_btf *k)
{
	btf__free(k->btf);
	g_free(k->path);
	if (k->fd >= 0)
		close(k->fd);
	*k = (struct kernel_btf){ .fd = -1 };
}
