/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds address spaces that run CPython, by the files that they map. It reports them to a
 * struct python_watch, so that the kernel side can read their Python frames. It must not know how
 * frames are read.
 */
#ifndef TARE_PYTHONS_H
#define TARE_PYTHONS_H

#include "bpf/abi_python.h"
#include "model/samples.h"
#include "symbol/module.h"
#include "symbol/python.h"
#include "symbol/python_threads.h"

struct pythons;

/* `found` is called for each address space that runs Python; with a NULL `python` when the
 * address space is gone. `file` is called for each file that contains an interpreter. Both may
 * be NULL. */
struct python_watch {
	void (*found)(void *ctx, uint64_t mm, const struct tare_python *python);
	void (*file)(void *ctx, uint64_t inode, uint32_t dev, const struct tare_python_file *file);
	void *ctx;
};

/* `samples`, `modules` and `python` must outlive the result. `watch` is copied; NULL: none. */
struct pythons *pythons_new(struct samples *samples, struct modules *modules, struct python *python,
			    const struct python_watch *watch);
void pythons_free(struct pythons *p); /* takes NULL */

/* Look for an interpreter in a file before the workload executes it. Then the kernel side can
 * read Python frames from the first instruction on. */
void pythons_expect(struct pythons *p, const char *path);

/* Code of a file was mapped into `mm`. `bias`: its addresses in `mm` minus those in the file. */
void pythons_mapped(struct pythons *p, uint64_t mm, uint32_t file, const struct module *m,
		    uint64_t bias);

/* Forget address spaces that are not in `alive` (a set of ids): the record of their end was
 * lost. */
void pythons_keep(struct pythons *p, GHashTable *alive);

/* Call fn for each named thread of each Python process. `of` returns the context for fn, given
 * the process's id; NULL: skip this process. */
typedef void *(*pythons_process_fn)(void *ctx, uint64_t proc);
void pythons_threads(struct pythons *p, pythons_process_fn of, void *ctx, python_thread_fn fn);

/* Process a record of a change of mappings. Only a fork and the end of an address space have an
 * effect here. */
void pythons_vma(struct pythons *p, const struct tare_vma *r);

#endif
