#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""container.py ROOT TARE ARG...: runs tare as an engine would with --pid=host --privileged.

In mount and control group namespaces of its own, with ROOT as its root: nothing but the static
file, /proc, /sys, /dev, and the folder ROOT/out, where its reports go. ROOT must be empty.
"""

import ctypes
import os
import shutil
import sys

CLONE_NEWNS, CLONE_NEWCGROUP = 0x00020000, 0x02000000
MS_REC, MS_PRIVATE, MS_BIND = 0x4000, 1 << 18, 0x1000
MNT_DETACH = 2
SYS_PIVOT_ROOT = {"x86_64": 155, "aarch64": 41}[os.uname().machine]
libc = ctypes.CDLL(None, use_errno=True)


def call(what, result):
    if result:
        sys.exit("container.py: %s: %s" % (what, os.strerror(ctypes.get_errno())))


def mount(source, target, flags):
    call("mount " + target, libc.mount(source.encode(), target.encode(), None, flags, None))


def main():
    root, tare = sys.argv[1:3]
    call("unshare", libc.unshare(CLONE_NEWNS | CLONE_NEWCGROUP))
    mount("none", "/", MS_REC | MS_PRIVATE)
    mount(root, root, MS_BIND)
    for name in ("proc", "sys", "dev", "out", "old"):
        os.makedirs(os.path.join(root, name), exist_ok=True)
    shutil.copy2(tare, os.path.join(root, "tare"))
    for name in ("proc", "sys", "dev"):
        mount("/" + name, os.path.join(root, name), MS_BIND | MS_REC)
    os.chdir(root)
    call("pivot_root", libc.syscall(SYS_PIVOT_ROOT, b".", b"old"))
    os.chdir("/")
    call("umount", libc.umount2(b"/old", MNT_DETACH))
    os.execv("/tare", ["/tare"] + sys.argv[3:])


main()
