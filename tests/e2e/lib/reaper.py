#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""reaper.py CMD ARG…: runs a command and becomes the parent of its orphans, in the place of
init, which may be a task without events. Exits with CMD's status."""

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
