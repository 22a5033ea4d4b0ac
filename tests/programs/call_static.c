/* SPDX-License-Identifier: GPL-2.0-only */
/* build: -static-pie */
#include "call_tree.c"
