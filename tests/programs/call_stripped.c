/* SPDX-License-Identifier: GPL-2.0-only */
/* build: -s */
#include "call_tree.c"
