// SPDX-License-Identifier: GPL-2.0-only
//
// What memory is of: names of kinds and sums, in the order they are shown in.

export const USER_KINDS = ['anon', 'file', 'shmem', 'swap'];
export const KERNEL_KINDS = ['pagetable', 'kstack', 'kmem'];
export const KINDS = [...USER_KINDS, ...KERNEL_KINDS];
export const KIND_TEXT = {
	anon: 'anonymous', file: 'file', shmem: 'shared', swap: 'swapped out',
	pagetable: 'page tables', kstack: 'kernel stacks', kmem: 'other kernel',
	user: 'user', kernel: 'kernel', weight: 'weight', rss: 'RSS', charged: 'charged',
};
