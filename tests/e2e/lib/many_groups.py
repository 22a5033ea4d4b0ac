#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""many_groups.py N FOLDER: N control groups come and go, each with a process that joins it."""
import os
import sys
import time

count, folder = int(sys.argv[1]), sys.argv[2]
for i in range(count):
    group = f"{folder}/{i}"
    os.mkdir(group)
    child = os.fork()
    if child == 0:
        with open(group + "/cgroup.procs", "w", encoding="ascii") as procs:
            procs.write("0")
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(f"no process can join {group}")
    deadline = time.monotonic() + 20
    while True:
        try:
            os.rmdir(group)
            break
        except OSError:  # the kernel has not yet let the process go
            if time.monotonic() > deadline:
                raise
            time.sleep(0.001)
