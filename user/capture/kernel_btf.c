/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/kernel_btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <pthread.h>
#include <sched.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "capture/refuse.h"

/* Ids of BTF objects to look at. The kernel's own comes before those of any program. */
#define FIRST_IDS 16
#define LIBBPF_ERRNO_FIRST 4000 /* above the kernel's: libbpf's own, of a wrong format */

static int write_all(int fd, const void *data, size_t size)
{
	for (size_t done = 0; done < size;) {
		ssize_t n = write(fd, (const char *)data + done, size - done);

		if (n < 0)
			return -errno;
		done += n;
	}
	return 0;
}

/* A file in memory with these types, for libbpf to read by its name. */
static int keep(struct kernel_btf *k, const void *data, size_t size)
{
	int fd = memfd_create("tare-btf", MFD_CLOEXEC);
	int err = fd < 0 ? -errno : write_all(fd, data, size);

	if (err) {
		if (fd >= 0)
			close(fd);
		return err;
	}
	k->fd = fd;
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

static bool is_kernels(uint32_t id)
{
	char name[16] = "";
	struct bpf_btf_info info = { .name = (uintptr_t)name, .name_len = sizeof(name) };
	uint32_t len = sizeof(info);
	int fd = bpf_btf_get_fd_by_id(id);
	bool is = fd >= 0 && !bpf_obj_get_info_by_fd(fd, &info, &len) && info.kernel_btf &&
		  !strcmp(name, "vmlinux");

	if (fd >= 0)
		close(fd);
	return is;
}

/* The kernel's types are also a BTF object with an id, as those of programs. */
static struct btf *from_kernel(void)
{
	uint32_t id = 0;

	while (!bpf_btf_get_next_id(id, &id) && id < FIRST_IDS)
		if (is_kernels(id))
			return btf__load_from_kernel_by_id(id);
	return NULL;
}

static int size_of(const struct btf *btf, const char *name)
{
	int id = btf__find_by_name_kind(btf, name, BTF_KIND_STRUCT);

	return id > 0 ? (int)btf__resolve_size(btf, id) : -1;
}

/* From a file, which may be another kernel's: then the programs would read at wrong offsets. */
static int check_same(const struct btf *file, const struct btf *kernel, const char *path)
{
	static const char *const structs[] = { "task_struct", "mm_struct", "pt_regs" };

	for (size_t i = 0; i < G_N_ELEMENTS(structs); i++) {
		int there = size_of(file, structs[i]);

		if (there >= 0 && (!kernel || there == size_of(kernel, structs[i])))
			continue;
		error("--btf %s: %s", path,
		      there < 0 ? "not the types of a kernel" : "it is of another kernel");
		return -EINVAL;
	}
	return 0;
}

static int open_file(struct kernel_btf *k, const char *file)
{
	struct btf *kernel = btf__load_vmlinux_btf();
	int err;

	k->hidden = !kernel;
	k->path = g_strdup(file);
	k->btf = btf__parse(file, NULL);
	if (!k->btf) {
		error("--btf %s: %s", file,
		      errno == ENODATA || errno > LIBBPF_ERRNO_FIRST ? "no BTF is in it" :
								       g_strerror(errno));
		err = -EINVAL;
	} else {
		if (!kernel)
			kernel = from_kernel();
		err = check_same(k->btf, kernel, file);
	}
	btf__free(kernel);
	return err;
}

static int open_kernel(struct kernel_btf *k)
{
	const void *data;
	uint32_t size;
	int err;

	k->btf = btf__load_vmlinux_btf();
	if (k->btf)
		return 0;
	err = -errno;
	k->btf = from_kernel();
	if (!k->btf)
		return err;
	k->hidden = true;
	data = btf__raw_data(k->btf, &size);
	return data ? keep(k, data, size) : -ENOMEM;
}

int kernel_btf_open(struct kernel_btf *k, const char *file)
{
	int err;

	*k = (struct kernel_btf){ .fd = -1 };
	err = file ? open_file(k, file) : open_kernel(k);
	return err ? err : without_refused(k);
}

void kernel_btf_looked_up(struct kernel_btf *k)
{
	if (!k->hidden)
		g_clear_pointer(&k->btf, btf__free);
}

void kernel_btf_close(struct kernel_btf *k)
{
	btf__free(k->btf);
	/* One that was never opened is all 0, so its fd 0 is not ours to close. */
	if (k->path && k->fd > 0)
		close(k->fd);
	g_free(k->path);
	*k = (struct kernel_btf){ .fd = -1 };
}

/* Mount over the deepest directory of KERNEL_BTF's path that exists, and make the rest in it. */
static int show(const struct kernel_btf *k)
{
	g_autofree char *at = g_path_get_dirname(KERNEL_BTF);
	g_autofree char *folder = g_strdup(at);
	uint32_t size = 0;
	const void *data = btf__raw_data(k->btf, &size);
	int fd, err;

	while (access(at, F_OK) && strcmp(at, "/")) {
		char *up = g_path_get_dirname(at);

		g_free(at);
		at = up;
	}
	if (!strcmp(at, "/"))
		return -ENOENT;
	if (mount("tare", at, "tmpfs", 0, "mode=700"))
		return -errno;
	if (g_mkdir_with_parents(folder, 0700))
		return -errno;
	fd = open(KERNEL_BTF, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0)
		return -errno;
	err = data ? write_all(fd, data, size) : -ENOMEM;
	close(fd);
	return err;
}

struct with {
	const struct kernel_btf *k;
	kernel_btf_fn load;
	void *ctx;
	int ret;
};

/* Its mounts end with it. */
static void *in_own_mounts(void *arg)
{
	struct with *w = arg;

	if (unshare(CLONE_FS | CLONE_NEWNS) || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
		w->ret = -errno;
	else
		w->ret = show(w->k);
	if (w->ret)
		error("cannot show libbpf the kernel's types at " KERNEL_BTF ": %s",
		      g_strerror(-w->ret));
	else
		w->ret = w->load(w->ctx);
	return NULL;
}

int kernel_btf_with(const struct kernel_btf *k, kernel_btf_fn load, void *ctx)
{
	struct with w = { k, load, ctx, 0 };
	pthread_t thread;
	int err;

	if (!k->hidden)
		return load(ctx);
	err = pthread_create(&thread, NULL, in_own_mounts, &w);
	if (err)
		return -err;
	pthread_join(thread, NULL);
	return w.ret;
}
