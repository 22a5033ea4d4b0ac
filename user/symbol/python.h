/* SPDX-License-Identifier: GPL-2.0-only
 *
 * CPython 3.8 to 3.13, whose functions have no code of their own: which module is the
 * interpreter, what the kernel side read of its frames, and where in a native stack
 * these belong.
 *
 * Bounds: the last CODES_MOST code objects have names, each text once, up to TEXTS_MOST bytes
 * of them; a stack waits for its sample until its task's next or its end.
 */
#ifndef TARE_PYTHON_H
#define TARE_PYTHON_H

#include <stdbool.h>
#include <stdint.h>

#include "bpf/abi_python.h"
#include "symbol/module.h"
#include "symbol/unwind.h"

struct python;

struct python *python_new(void);
void python_free(struct python *p); /* takes NULL */

/* Is the module, number `file`, an interpreter whose frames can be read? Then that is
 * remembered, and `found` says how. */
bool python_module(struct python *p, uint32_t file, const char *path, const struct module *m,
		   struct tare_python_file *found);
/* May it be one? By its name, lest every library's symbols be gone through. */
bool python_likely(const char *path);
/* For it and for tests. Where in a file the C function is that runs Python functions. */
void python_loop(struct python *p, uint32_t file, uint64_t start, uint64_t size);
/* How a version (PY_VERSION_HEX >> 16) keeps its frames; false: not known. */
bool python_layout(uint32_t version, struct tare_python_layout *at);

/* Take a record of the kernel side's; false: it makes no sense. A stack belongs to the
 * next sample of its task, of the same time. */
bool python_code(struct python *p, const struct tare_python_code *c);
bool python_stack(struct python *p, const struct tare_python_stack *s);

/* A stack that waits for a sample of the task does so in vain. */
void python_task_ended(struct python *p, uint64_t task);
/* The file is forgotten: its number will be another's. */
void python_drop(struct python *p, uint32_t file);

/* Put the Python functions that the sample is in into its stack, each run of them in the
 * place of the C function that runs them. `name` numbers a function's name. */
struct unwound python_merge(struct python *p, const struct tare_sample *sample,
			    const struct unwound *w, uint32_t (*name)(void *ctx, const char *name),
			    void *ctx);

/* Text of the interpreter's as UTF-8; `tail`: of a text that is cut it has the end. To be
 * freed; NULL: it could not be read. */
char *python_text(const struct tare_python_text *t, bool tail);

#endif
