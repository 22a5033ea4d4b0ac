// SPDX-License-Identifier: GPL-2.0-only
//
// Names of the kinds of memory and their sums, in display order.

export const USER_KINDS = ['anon', 'file', 'shmem', 'swap'];
export const KERNEL_KINDS = ['pagetable', 'kstack', 'kmem'];
export const KINDS = [...USER_KINDS, ...KERNEL_KINDS];
export const KIND_TEXT = {
	anon: 'anonymous', file: 'file', shmem: 'shared', swap: 'swapped out',
	pagetable: 'page tables', kstack: 'kernel stacks', kmem: 'other kernel',
	user: 'user', kernel: 'kernel', weight: 'weight', rss: 'RSS', charged: 'charged',
};
