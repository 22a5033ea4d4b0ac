#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""reaper.py CMD ARG…: runs a command whose orphans come to this process, not to init:
who reaps them then is a task whose events the kernel shows. Its status is CMD's."""

import ctypes
import os
import sys

PR_SET_CHILD_SUBREAPER = 36

if ctypes.CDLL(None, use_errno=True).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0):
    sys.exit(f"reaper.py: {os.strerror(ctypes.get_errno())}")
command = os.spawnvp(os.P_NOWAIT, sys.argv[1], sys.argv[1:])
code = 0
while True:
    try:
        pid, status = os.wait()
    except ChildProcessError:
        break
    if pid == command:
        code = os.waitstatus_to_exitcode(status)
sys.exit(code if code >= 0 else 128 - code)
