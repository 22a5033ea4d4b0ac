/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Which address spaces run CPython, by the files that they map, for who reads its frames:
 * the kernel side. It must not know what is read.
 */
#ifndef TARE_PYTHONS_H
#define TARE_PYTHONS_H

#include "bpf/abi_python.h"
#include "model/samples.h"
#include "symbol/module.h"
#include "symbol/python.h"
#include "symbol/python_threads.h"

struct pythons;

/* Callbacks for each address space as soon as it is known, and when it is gone: NULL;
 * and of each file that has an interpreter. */
struct python_watch {
	void (*found)(void *ctx, uint64_t mm, const struct tare_python *python);
	void (*file)(void *ctx, uint64_t inode, uint32_t dev, const struct tare_python_file *file);
	void *ctx;
};

/* All three outlive it. `watch`: NULL, or called for each. */
struct pythons *pythons_new(struct samples *samples, struct modules *modules, struct python *python,
			    const struct python_watch *watch);
void pythons_free(struct pythons *p); /* takes NULL */

/* This file will be run: if it has an interpreter, that is to be known by then. */
void pythons_expect(struct pythons *p, const char *path);

/* A file's code is mapped `bias` above where the file says. */
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
