/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Python functions in stacks, for CPython 3.8 to 3.13. These functions have no native code of
 * their own: one C function, _PyEval_EvalFrameDefault, runs them all. This file recognises the
 * modules that are an interpreter, keeps the Python frames that the kernel side read, and puts
 * them into native stacks.
 *
 * Bounds: the last CODES_MOST code objects have names; equal names are stored once, TEXTS_MOST
 * bytes in all. A Python stack waits for its sample until the task has another one or ends.
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

/* Is module `m`, with the number `file`, an interpreter whose frames can be read? If so, `found`
 * tells the kernel side how, and python_merge() will recognise its frames. */
bool python_module(struct python *p, uint32_t file, const char *path, const struct module *m,
		   struct tare_python_file *found);
/* May the file be an interpreter? Decides by its name, since a search in the symbols of every
 * library would be slow. */
bool python_likely(const char *path);
/* Set where the C function that runs Python functions is in a file. Only python_module() and
 * tests call this. */
void python_loop(struct python *p, uint32_t file, uint64_t start, uint64_t size);
/* The layout of the data structures of a version (PY_VERSION_HEX >> 16); false: not known. */
bool python_layout(uint32_t version, struct tare_python_layout *at);

/* Process a record from the kernel side; false: malformed. A stack belongs to the next sample of
 * its task, which has the same time. */
bool python_code(struct python *p, const struct tare_python_code *c);
bool python_stack(struct python *p, const struct tare_python_stack *s);

/* The task ended: free a stack whose sample was lost. */
void python_task_ended(struct python *p, uint64_t task);
/* Forget a file: another one will get its number. */
void python_drop(struct python *p, uint32_t file);

/* Merge the Python frames of a sample into its native stack `w`: in place of each frame of the C
 * function come the Python functions that this call ran. `name` returns the number of a name.
 * The frames of the result are valid until the next call. */
struct unwound python_merge(struct python *p, const struct tare_sample *sample,
			    const struct unwound *w, uint32_t (*name)(void *ctx, const char *name),
			    void *ctx);

/* Convert a Python string to UTF-8. `tail`: if the string was cut, its end was kept, else its
 * beginning. NULL: the kernel side could not read it. The caller frees the result. */
char *python_text(const struct tare_python_text *t, bool tail);

#endif
