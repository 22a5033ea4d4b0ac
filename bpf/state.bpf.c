// SPDX-License-Identifier: GPL-2.0-only
/* All shared maps and globals, and the program that prepares them.
 * Nothing here runs while the workload runs. */
#include "state.bpf.h"

char LICENSE[] SEC("license") = "GPL";

const volatile __u32 cfg_cpus = 1;
const volatile __u32 cfg_slots_size = TARE_MEMBERS * sizeof(__s32);
const volatile __u32 cfg_backend = BACKEND_PERCPU;
const volatile __u32 cfg_shape = TARE_SHAPE_UNKNOWN;
const volatile __u32 cfg_split = 0;
const volatile __u32 cfg_no_children = 0;
const volatile __u32 cfg_page_size = 4096;
const volatile __u32 cfg_bucket_bits = 0;
const volatile __u32 cfg_kmem = 0;
const volatile __u32 cfg_cgroup = 0;
const volatile __u32 cfg_memcg_long = 0;
const volatile __u32 cfg_slot_type = 0;
const volatile __u32 cfg_period = 0;
const volatile __u32 cfg_python = 0;
const volatile __u32 cfg_freeze = 0;
const volatile __u32 cfg_ring = 8 << 20;
const volatile __u32 cfg_samples_ring = 4096;
const volatile __u32 cfg_stack = TARE_STACK_MAX;

struct tasks_map tare_tasks SEC(".maps");
struct keys_map tare_keys SEC(".maps");
struct mms_map tare_mms SEC(".maps");
struct mmids_map tare_mmids SEC(".maps");
struct ring_map tare_ring SEC(".maps");
struct ended_map tare_ended SEC(".maps");
struct pythons_map tare_pythons SEC(".maps");
struct codes_map tare_codes SEC(".maps");
struct python_files_map tare_python_files SEC(".maps");
struct samples_map tare_samples SEC(".maps");
struct scratch_map tare_scratch SEC(".maps");
struct tare_sampling sampling;

struct tare_ended ended_rest, ended_none;
struct tare_workload workload;
__u64 frozen_until;
__u32 chunk_used[TARE_CHUNKS];
__u64 cpu_offset[TARE_MAX_CPUS];
__u64 regs_offset;

/* A known variable in per-CPU memory. Its address on a CPU, less its per-CPU pointer, is
 * the CPU's __per_cpu_offset; kernels without CONFIG_KALLSYMS_ALL have no symbol for this. */
struct {
	__uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
	__type(key, __u32);
	__type(value, __u64);
	__uint(max_entries, 1);
} tare_anchor SEC(".maps");

/* The size of a kernel stack: number of pages of the running task's, since these are what
 * the kernel charges. Where stacks are not in vmalloc memory (no CONFIG_VMAP_STACK):
 * THREAD_SIZE, which is 16 KiB on all architectures that tare knows, or a page if that is
 * larger. */
static __always_inline __u64 stack_bytes(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	if (!bpf_core_field_exists(task->stack_vm_area))
		return cfg_page_size > 16384 ? cfg_page_size : 16384;
	return (__u64)BPF_CORE_READ(task, stack_vm_area, nr_pages) * cfg_page_size;
}

/* Offset of the registers that a system call or fault saved, from the start of the kernel stack.
 * It is the same for all tasks, so it is read once. */
static __always_inline __u64 find_regs(void)
{
	struct task_struct *task = bpf_get_current_task_btf();

	return address_of((void *)bpf_task_pt_regs(task)) - (__u64)task->stack;
}

SEC("raw_tp")
int tare_init(void *ctx)
{
	__u64 map = address_of(&tare_anchor), base = 0;
	__u32 zero = 0, cpu;

	bpf_probe_read_kernel(&base, sizeof(base),
			      (void *)(map + bpf_core_field_offset(struct bpf_array, pptrs)));
	for (cpu = 0; cpu < cfg_cpus && cpu < TARE_MAX_CPUS; cpu++) {
		void *here = bpf_map_lookup_percpu_elem(&tare_anchor, &zero, cpu);

		if (!here || !base)
			return -1;
		cpu_offset[cpu] = address_of(here) - base;
	}
	workload.stack_bytes = stack_bytes();
	regs_offset = find_regs();
	return 0;
}
