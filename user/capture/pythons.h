/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds address spaces that run CPython, by the files that they map, and reports them to `watch`:
 * the kernel side reads their Python frames. It must not know how frames are read.
 */
#ifndef TARE_PYTHONS_H
#define TARE_PYTHONS_H

#include "bpf/abi_python.h"
#include "model/samples.h"
#include "symbol/module.h"
#include "symbol/python.h"
#include "symbol/python_threads.h"

struct pythons;

/* `found` is called for each address space that runs Python, and with NULL when it is gone; `file`,
 * for each file that has an interpreter. */
struct python_watch {
	void (*found)(void *ctx, uint64_t mm, const struct tare_python *python);
	void (*file)(void *ctx, uint64_t inode, uint32_t dev, const struct tare_python_file *file);
	void *ctx;
};

/* All three outlive it. `watch`: NULL, or called for each. */
struct pythons *pythons_new(struct samples *samples, struct modules *modules, struct python *python,
			    const struct python_watch *watch);
void pythons_free(struct pythons *p); /* takes NULL */

/* The workload will execute this file: look for an interpreter in it before that. */
void pythons_expect(struct pythons *p, const char *path);

/* Code of a file was mapped, `bias` above the addresses in the file. */
void pythons_mapped(struct pythons *p, uint64_t mm, uint32_t file, const struct module *m,
		    uint64_t bias);

/* Forget those that are not in `alive` (by id): the records of their end were lost. */
void pythons_keep(struct pythons *p, GHashTable *alive);

/* Names that programs gave their threads: of each address space whose process `of` knows; its
 * result is the context of `fn`. NULL: it is not to be asked. */
typedef void *(*pythons_process_fn)(void *ctx, uint64_t proc);
void pythons_threads(struct pythons *p, pythons_process_fn of, void *ctx, python_thread_fn fn);

/* An address space was forked, or is gone; other changes are of no interest. */
void pythons_vma(struct pythons *p, const struct tare_vma *r);

#endif
