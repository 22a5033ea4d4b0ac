/* SPDX-License-Identifier: GPL-2.0-only */
#include "capture/kernel_btf.h"

#include <bpf/bpf.h>
#include <bpf/btf.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "capture/refuse.h"

/* How many ids of BTF objects are tried: the kernel's own come before those of programs. */
#define FIRST_IDS 16
#define LIBBPF_ERRNO_FIRST 4000 /* libbpf's own errnos (wrong format) are above it */

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

/* Write these types to a file in memory, which libbpf opens by name. */
static int keep_in_memory(struct kernel_btf *k)
{
	uint32_t size = 0;
	const void *data = btf__raw_data(k->btf, &size);
	int err = data ? 0 : -ENOMEM;

	k->fd = err ? -1 : memfd_create("tare-btf", MFD_CLOEXEC);
	if (!err)
		err = k->fd < 0 ? -errno : write_all(k->fd, data, size);
	if (err)
		return err;
	k->path = g_strdup_printf("/proc/self/fd/%d", k->fd);
	/* Without /proc the name is not valid; libbpf then reads all of KERNEL_BTF. */
	if (access(k->path, R_OK))
		g_clear_pointer(&k->path, g_free);
	return 0;
}

/* For tests: remove names that TARE_REFUSE has. */
static int without_refused(struct kernel_btf *k)
{
	uint32_t size = 0;
	const void *data = refuse_any() ? btf__raw_data(k->btf, &size) : NULL;
	g_autofree void *copy = data ? g_memdup2(data, size) : NULL;
	int n = copy ? refuse_types(copy, size) : 0;

	if (n <= 0)
		return n;
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

/* Get the kernel's types by bpf(): they are a BTF object with an id, as those of programs are. */
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

/* Is the file of this kernel? By another kernel's types, programs would read at wrong offsets. */
static int check_same(const struct btf *file, const struct btf *kernel, const char *path)
{
	static const char *const structs[] = { "task_struct", "mm_struct", "pt_regs" };

	for (size_t i = 0; i < G_N_ELEMENTS(structs); i++) {
		int there = size_of(file, structs[i]);

		if (there >= 0 && (!kernel || there == size_of(kernel, structs[i])))
			continue;
		log_error("--btf %s: %s", path,
			  there < 0 ? "these are not a kernel's types" : "it is of another kernel");
		return -EINVAL;
	}
	return 0;
}

static int cut_btf(struct kernel_btf *k, const void *data, size_t size, btf_wanted_fn wanted)
{
	struct btf_cut c;
	int err = btf_cut(&c, data, size, wanted);

	k->btf = c.btf;
	k->ids = c.ids;
	return err == -EINVAL ? -ENODATA : err; /* no BTF is in it */
}

static int cut_parsed(struct kernel_btf *k, const struct btf *whole, btf_wanted_fn wanted)
{
	uint32_t size = 0;
	const void *data = btf__raw_data(whole, &size);

	return data ? cut_btf(k, data, size, wanted) : -ENOMEM;
}

static int cut_read(struct kernel_btf *k, int fd, size_t size, btf_wanted_fn wanted)
{
	g_autofree char *data = g_malloc(size);

	for (size_t have = 0; have < size;) {
		ssize_t n = read(fd, data + have, size - have);

		if (n <= 0)
			return n ? -errno : -ENODATA;
		have += n;
	}
	return cut_btf(k, data, size, wanted);
}

/* The file can be mapped since 6.16 (a539e2a6d51d); before, it is read in 1,300 pieces of a
 * page. */
static int cut_shown(struct kernel_btf *k, btf_wanted_fn wanted)
{
	int fd = open(KERNEL_BTF, O_RDONLY | O_CLOEXEC), err;
	struct stat st;
	void *data;

	if (fd < 0)
		return -errno;
	if (fstat(fd, &st) || !S_ISREG(st.st_mode)) {
		close(fd);
		return -ENODATA;
	}
	data = mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED) {
		err = cut_read(k, fd, st.st_size, wanted);
	} else {
		err = cut_btf(k, data, st.st_size, wanted);
		munmap(data, st.st_size);
	}
	close(fd);
	return err;
}

static int open_kernel(struct kernel_btf *k, btf_wanted_fn wanted)
{
	int err = cut_shown(k, wanted);
	struct btf *whole;

	if (!err)
		return 0;
	whole = from_kernel();
	if (!whole)
		return err;
	k->hidden = true;
	err = cut_parsed(k, whole, wanted);
	btf__free(whole);
	return err;
}

static int open_file(struct kernel_btf *k, const char *file, btf_wanted_fn wanted)
{
	struct kernel_btf kernel = { .fd = -1 };
	struct btf *whole = btf__parse(file, NULL);
	int err = whole ? cut_parsed(k, whole, wanted) : -errno;

	btf__free(whole);
	if (err) {
		log_error("--btf %s: %s", file,
			  err == -ENODATA || -err > LIBBPF_ERRNO_FIRST ? "no BTF is in it" :
									 g_strerror(-err));
		return -EINVAL;
	}
	open_kernel(&kernel, wanted);
	err = check_same(k->btf, kernel.btf, file);
	kernel_btf_close(&kernel);
	return err;
}

int kernel_btf_open(struct kernel_btf *k, const char *file, btf_wanted_fn wanted)
{
	int err;

	*k = (struct kernel_btf){ .fd = -1 };
	err = file ? open_file(k, file, wanted) : open_kernel(k, wanted);
	if (!err)
		err = without_refused(k);
	return err ? err : keep_in_memory(k);
}

void kernel_btf_close(struct kernel_btf *k)
{
	btf__free(k->btf);
	/* A struct that was never opened is all 0: its fd 0 must not be closed. */
	if (k->fd > 0)
		close(k->fd);
	g_free(k->ids);
	g_free(k->path);
	*k = (struct kernel_btf){ .fd = -1 };
}

uint32_t kernel_btf_id(const struct kernel_btf *k, const char *name, uint32_t kind)
{
	int id = k->btf && k->ids ? btf__find_by_name_kind(k->btf, name, kind) : 0;

	return id > 0 ? k->ids[id] : 0;
}
