#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""nobpf.py CMD ARG…: runs a command for which bpf() fails with EPERM, by seccomp."""

import ctypes
import errno
import os
import platform
import struct
import sys

SYS_BPF = {"x86_64": 321, "aarch64": 280, "riscv64": 280}[platform.machine()]
LOAD_NR, JUMP_IF, RETURN = 0x20, 0x15, 0x06
PR_SET_NO_NEW_PRIVS, PR_SET_SECCOMP, FILTER = 38, 22, 2
program = b"".join(struct.pack("HBBI", *op) for op in (
    (LOAD_NR, 0, 0, 0),
    (JUMP_IF, 0, 1, SYS_BPF),
    (RETURN, 0, 0, 0x00050000 | errno.EPERM),
    (RETURN, 0, 0, 0x7FFF0000),
))
buffer = ctypes.create_string_buffer(program)
filters = ctypes.create_string_buffer(struct.pack("HxxxxxxP", 4, ctypes.addressof(buffer)))
prctl = ctypes.CDLL(None, use_errno=True).prctl
prctl.argtypes = [ctypes.c_int] + [ctypes.c_ulong] * 4
if prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) or \
        prctl(PR_SET_SECCOMP, FILTER, ctypes.addressof(filters), 0, 0):
    sys.exit(f"nobpf.py: {os.strerror(ctypes.get_errno())}")
os.execvp(sys.argv[1], sys.argv[1:])
