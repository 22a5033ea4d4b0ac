/* SPDX-License-Identifier: GPL-2.0-only */
/* build: -g0 -fno-omit-frame-pointer -fno-asynchronous-unwind-tables -fno-unwind-tables */
#include "call_tree.c"
