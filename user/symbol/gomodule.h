/* SPDX-License-Identifier: GPL-2.0-only
 *
 * A Go program's table of functions, found in its file; for user/symbol only.
 */
#ifndef TARE_GOMODULE_H
#define TARE_GOMODULE_H

#include "symbol/gopclntab.h"
#include "symbol/module_impl.h"

/* The module's, opened at the first call and closed with it; NULL: it is not Go's. */
struct gopclntab *gomodule(struct module *m);

#endif
