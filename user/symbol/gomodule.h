/* SPDX-License-Identifier: GPL-2.0-only
 *
 * Finds the function table of a Go program in its file; for user/symbol only.
 */
#ifndef TARE_GOMODULE_H
#define TARE_GOMODULE_H

#include "symbol/gopclntab.h"
#include "symbol/module_impl.h"

/* The table of a module; the first call opens it, and the module owns it. NULL: the module is not
 * a Go program. */
struct gopclntab *gomodule(struct module *m);

#endif
