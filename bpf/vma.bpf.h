/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Records of VMA changes, in one ring with the samples and in the same order. With them user
 * space can name an address and unwind a stack as of the sample's time. Nothing here runs when
 * no samples are taken. It must not know why a VMA changed.
 */
#ifndef TARE_VMA_BPF_H
#define TARE_VMA_BPF_H

#include "sample.bpf.h"

/* A VMA change may use the last quarter of the ring; it is lost only when the ring is full. */
static __always_inline void vma_send(void *record, __u64 size, __u64 flags)
{
	if (bpf_ringbuf_output(&tare_samples, record, size, flags))
		__sync_fetch_and_add(&sampling.lost_vma_changes, 1);
}

static __always_inline void vma_report(struct tare_mm *m, __u32 what, __u64 start, __u64 size,
				       __u64 a, __u64 b)
{
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), bpf_ktime_get_boot_ns() },
		.mm = m->id,
		.peak_seq = workload.peak_seq,
		.tgid = bpf_get_current_pid_tgid() >> 32,
		.what = what,
		.start = start,
		.size = size,
		.a = a,
		.b = b,
	};

	vma_send(&r, sizeof(r), samples_wake());
}

__weak __noinline int vma_changed(struct tare_mm *m, __u64 what, __u64 start, __u64 size, __u64 a)
{
	if (cfg_period && m)
		vma_report(m, what, start, size, a, 0);
	return 0;
}

/* A VMA got a name: prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, start, size, name). */
__weak __noinline int vma_named(struct tare_mm *m, __u64 start, __u64 size, __u64 name)
{
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), bpf_ktime_get_boot_ns() },
		.what = TARE_VMA_NAME,
		.start = start,
		.size = size,
	};

	if (!cfg_period || !m)
		return 0;
	r.mm = m->id;
	r.peak_seq = workload.peak_seq;
	r.tgid = bpf_get_current_pid_tgid() >> 32;
	if (name)
		bpf_probe_read_user_str(r.name, sizeof(r.name), (void *)name);
	vma_send(&r, sizeof(r), samples_wake());
	return 0;
}

__weak __noinline int vma_moved(struct tare_mm *m, __u64 start, __u64 size, __u64 to, __u64 size_to)
{
	if (cfg_period && m)
		vma_report(m, TARE_VMA_MOVE, start, size, to, size_to);
	return 0;
}

__weak __noinline int vma_anon(struct tare_mm *m, __u64 start, __u64 size, __u64 prot, __u64 flags)
{
	if (cfg_period && m)
		vma_report(m, TARE_VMA_ANON, start, size, prot, flags);
	return 0;
}

/* Report that the heap's end moved. Some programs move it for each page (python3 does so when it
 * frees memory), so its lowest value is sent only before the next sample, in a sweep, or
 * when the workload has had a new peak since. */
__weak __noinline int vma_heap_report(struct tare_mm *m, __u32 tgid)
{
	if (!cfg_period || !m || !m->brk_low)
		return 0;
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), bpf_ktime_get_boot_ns() },
		.mm = m->id,
		.peak_seq = m->brk_low_seq,
		.tgid = tgid,
		.what = TARE_VMA_HEAP,
		.start = m->brk,
		.a = m->brk_low,
	};

	m->brk_low = 0;
	vma_send(&r, sizeof(r), samples_wake());
	return 0;
}

static __always_inline void vma_heap(struct tare_mm *m, __u64 before, __u64 now)
{
	if (m->brk_low && m->brk_low_seq != workload.peak_seq) {
		m->brk = before;
		vma_heap_report(m, bpf_get_current_pid_tgid() >> 32);
		m->brk = now;
	}
	if (!m->brk_low || now < m->brk_low)
		m->brk_low = now;
	m->brk_low_seq = workload.peak_seq;
}

/* A fork copied the parent's address space into `m`, of process `proc`. */
__weak __noinline int vma_forked(struct tare_mm *m, __u64 parent_key, __u64 proc, __u32 tgid)
{
	struct tare_mm *parent = mm_find(parent_key);
	struct tare_vma r = {
		.head = { TARE_REC_VMA, sizeof(r), bpf_ktime_get_boot_ns() },
		.what = TARE_VMA_FORK,
		.tgid = tgid,
		.b = proc,
	};

	if (!cfg_period || !m || !parent)
		return 0;
	r.mm = m->id;
	r.a = parent->id;
	r.peak_seq = workload.peak_seq;
	vma_send(&r, sizeof(r), samples_wake());
	python_forked(parent->id, m->id);
	return 0;
}

/* The address space is torn down. */
__weak __noinline int vma_gone(struct tare_mm *m)
{
	__u64 id = m ? m->id : 0;

	if (!cfg_period || !m)
		return 0;
	vma_report(m, TARE_VMA_GONE, 0, 0, 0, 0);
	if (cfg_python)
		bpf_map_delete_elem(&tare_pythons, &id);
	return 0;
}

/* Write the next part of the path that s->path is at, and go on to the one above; 1: that was the
 * last. */
__weak __noinline int path_part(struct scratch *s, struct tare_file *out)
{
	struct mount *mount, *above;
	const unsigned char *name;
	struct dentry *dentry;
	__u64 n;

	if (!cfg_period || !s || !out)
		return 1;
	mount = (void *)s->path.mount;
	dentry = (void *)s->path.dentry;
	if (dentry == BPF_CORE_READ(mount, mnt.mnt_root)) {
		above = BPF_CORE_READ(mount, mnt_parent);
		if (above == mount || !above)
			return 1;
		s->path.dentry = (__u64)BPF_CORE_READ(mount, mnt_mountpoint);
		s->path.mount = (__u64)above;
		return 0;
	}
	name = BPF_CORE_READ(dentry, d_name.name);
	n = s->path.n;
	asm volatile("" : "+r"(n)); /* the checked register must be the index */
	if (n >= TARE_PATH_PARTS)
		return 1;
	bpf_probe_read_kernel_str(out->name[n], TARE_PART_LEN, name);
	s->path.n = n + 1;
	s->path.dentry = (__u64)BPF_CORE_READ(dentry, d_parent);
	return (__u64)dentry == s->path.dentry;
}

struct path_loop {
	struct scratch *scratch;
	struct tare_file *out;
};

static long path_next(__u32 i, struct path_loop *loop)
{
	return path_part(loop->scratch, loop->out) & 1;
}

/* The identity of a file and its path, from the last component up to the root of the mount
 * namespace. `out` is in the scratch. */
static __always_inline void vma_file(struct scratch *s, struct tare_file *out, struct file *file)
{
	struct dentry *dentry = BPF_CORE_READ(file, f_path.dentry);
	struct path_loop loop = { s, out };

	s->path.dentry = (__u64)dentry;
	s->path.mount =
		(__u64)BPF_CORE_READ(file, f_path.mnt) - bpf_core_field_offset(struct mount, mnt);
	s->path.n = 0;
	out->inode = BPF_CORE_READ(file, f_inode, i_ino);
	out->dev = BPF_CORE_READ(file, f_inode, i_sb, s_dev);
	out->deleted = !BPF_CORE_READ(dentry, d_hash.pprev);
	out->pad = 0;
	bpf_loop(TARE_PATH_PARTS + 12, path_next, &loop, 0);
	out->names = s->path.n;
}

static __always_inline __u32 file_size(const struct tare_file *file)
{
	__u32 n = file->names;

	if (n > TARE_PATH_PARTS)
		n = TARE_PATH_PARTS;
	return sizeof(*file) - (TARE_PATH_PARTS - n) * TARE_PART_LEN;
}

struct mapping {
	__u64 start, size, fd, offset;
	__u32 prot, flags;
};

/* A file was mapped. */
__weak __noinline int vma_mapped(struct tare_mm *m, struct mapping *map)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct file **files, *file = NULL;
	struct scratch *s;
	__u64 size;

	if (!cfg_period)
		return 0;
	files = BPF_CORE_READ(task, files, fdt, fd);
	if (!m || !map || map->fd >= BPF_CORE_READ(task, files, fdt, max_fds))
		return 0;
	if (bpf_probe_read_kernel(&file, sizeof(file), files + map->fd) || !file)
		return 0;
	s = scratch_take();
	if (!s) {
		__sync_fetch_and_add(&sampling.lost_vma_changes, 1);
		return 0;
	}
	s->map.head.type = TARE_REC_MAP;
	s->map.head.time_ns = bpf_ktime_get_boot_ns();
	s->map.mm = m->id;
	s->map.peak_seq = workload.peak_seq;
	s->map.start = map->start;
	s->map.size = map->size;
	s->map.offset = map->offset;
	s->map.tgid = task->tgid;
	s->map.prot = map->prot;
	s->map.flags = map->flags;
	s->map.pad = 0;
	vma_file(s, &s->map.file, file);
	if (calls_makes_code(map->prot))
		python_mapped(m->id, &s->map.file, map->start, map->offset);
	size = sizeof(s->map) - sizeof(s->map.file) + file_size(&s->map.file);
	s->map.head.size = size;
	/* For code wake user space: it should open the file while the process lives. */
	if (size <= sizeof(s->map))
		vma_send(&s->map, size,
			 calls_makes_code(map->prot) ? BPF_RB_FORCE_WAKEUP : samples_wake());
	s->busy = 0;
	return 0;
}

/* execve mapped a new program into `m`: no mmap() reports this. */
__weak __noinline int vma_image(struct tare_mm *m, __u64 proc)
{
	struct task_struct *task = bpf_get_current_task_btf();
	struct mm_struct *mm = task->mm;
	struct file *file;
	struct scratch *s;
	__u64 size;

	if (!cfg_period)
		return 0;
	file = BPF_CORE_READ(mm, exe_file);
	if (!m || !file)
		return 0;
	s = scratch_take();
	if (!s) {
		__sync_fetch_and_add(&sampling.lost_vma_changes, 1);
		return 0;
	}
	s->image.head.type = TARE_REC_IMAGE;
	s->image.head.time_ns = bpf_ktime_get_boot_ns();
	s->image.mm = m->id;
	s->image.proc = proc;
	s->image.start_stack = BPF_CORE_READ(mm, start_stack);
	s->image.start_brk = BPF_CORE_READ(mm, start_brk);
	s->image.tgid = task->tgid;
	s->image.pad = 0;
	/* The array's length differs between kernels; user space stops at AT_NULL. */
	bpf_core_read(s->image.auxv, sizeof(s->image.auxv), &mm->saved_auxv);
	vma_file(s, &s->image.file, file);
	python_mapped(m->id, &s->image.file, BPF_CORE_READ(mm, start_code), TARE_PYTHON_IMAGE);
	size = sizeof(s->image) - sizeof(s->image.file) + file_size(&s->image.file);
	s->image.head.size = size;
	if (size <= sizeof(s->image))
		vma_send(&s->image, size, BPF_RB_FORCE_WAKEUP);
	s->busy = 0;
	return 0;
}

#endif
