# SPDX-License-Identifier: GPL-2.0-only
"""The kernel's own figures of a process, and lists of processes. All sizes in bytes.

It must not know of tare.
"""

import os
import re

KIB = 1024
VMA = re.compile(rb"^([0-9a-f]+)-([0-9a-f]+) (\S+) \S+ (\S+) \d+ *(.*)$")
SHM_NAMES = (b"/memfd:", b"/dev/zero (deleted)", b"/SYSV", b"/dev/shm/")


def read(path):
    try:
        with open(path, "rb") as f:
            return f.read()
    except (FileNotFoundError, ProcessLookupError, PermissionError):
        return b""


def stat(path):
    """(state, ppid, ticks of CPU) of a process or thread, or None."""
    text = read(path)
    if not text:
        return None
    words = text[text.rindex(b")") + 2:].split()
    return words[0].decode(), int(words[1]), int(words[11]) + int(words[12])


def pids():
    return [int(p) for p in os.listdir("/proc") if p.isdigit()]


def threads(pid):
    """{tid: state} of the threads that still run (no zombies)."""
    try:
        tids = os.listdir(f"/proc/{pid}/task")
    except (FileNotFoundError, ProcessLookupError):
        return {}
    found = {}
    for tid in tids:
        s = stat(f"/proc/{pid}/task/{tid}/stat")
        if s and s[0] not in "ZX":
            found[int(tid)] = s[0]
    return found


def tree(root, marker):
    """Processes below `root`, and those with `marker` in their environment (daemons have
    left the tree). Leaves out `root`, the caller, and zombies."""
    children, parents = {}, {}
    for pid in pids():
        s = stat(f"/proc/{pid}/stat")
        if s:
            children.setdefault(s[1], []).append(pid)
            parents[pid] = s
    found, todo = set(), [root]
    while todo:
        for pid in children.get(todo.pop(), []):
            if pid not in found:
                found.add(pid)
                todo.append(pid)
    for pid in parents:
        if marker and marker in read(f"/proc/{pid}/environ"):
            found.add(pid)
    found -= {root, os.getpid()}
    return sorted(p for p in found if threads(p))


def takes_signal(pid, signum):
    """True if the process handles the signal, or blocks it to read it later."""
    bit = 1 << (signum - 1)
    return any(int(line.split()[1], 16) & bit
               for line in read(f"/proc/{pid}/status").splitlines()
               if line.startswith((b"SigCgt", b"SigBlk")))


def cpu_ticks(pid):
    s = stat(f"/proc/{pid}/stat")
    return s[2] if s else 0


def field(text, name):
    m = re.search(rb"^%s:\s+(\d+) kB" % name, text, re.M)
    return int(m.group(1)) * KIB if m else 0


def tmpfs_devices():
    devices = set()
    for line in read("/proc/self/mountinfo").splitlines():
        words = line.split()
        if words[words.index(b"-") + 1] == b"tmpfs":
            devices.add("%02x:%02x" % tuple(int(n) for n in words[2].split(b":")))
    return devices


def shmem_by_smaps(path):
    """Resident, not anonymous bytes in mappings of shared memory."""
    devices, total, shm, rss = tmpfs_devices(), 0, False, 0
    for line in read(path + "/smaps").splitlines():
        m = VMA.match(line)
        if m:
            shm = m.group(5).startswith(SHM_NAMES) or m.group(4).decode() in devices
        elif shm and line.startswith(b"Rss:"):
            rss = int(line.split()[1])
        elif shm and line.startswith(b"Anonymous:"):
            total += (rss - int(line.split()[1])) * KIB
    return total


def status_is_exact():
    """/proc/PID/status is exact since kernel commit 82241a83cd15 (6.16)."""
    return tuple(int(n) for n in re.findall(r"\d+", os.uname().release)[:2]) >= (6, 16)


def balance(pid):
    """{kind: bytes} of a process that stands still, from smaps_rollup and smaps, compared
    with status where that is exact. None: it has no memory."""
    # A first thread that has ended shows none; the other threads do.
    alive = threads(pid)
    if not alive:
        return None
    path = f"/proc/{pid if pid in alive else min(alive)}"
    rollup, status = read(path + "/smaps_rollup"), read(path + "/status")
    if not rollup or b"VmPTE" not in status:
        return None
    anon, shmem = field(rollup, b"Anonymous"), shmem_by_smaps(path)
    kinds = {
        "anon": anon,
        "file": field(rollup, b"Rss") - anon - shmem,
        "shmem": shmem,
        "swap": field(status, b"VmSwap"),
        "pagetable": field(status, b"VmPTE"),
    }
    if status_is_exact():
        for kind, name in (("anon", b"RssAnon"), ("file", b"RssFile"), ("shmem", b"RssShmem")):
            said = field(status, name)
            if said != kinds[kind]:
                raise AssertionError(
                    f"pid {pid}: the kernel's own numbers differ: {kind} is {kinds[kind]} by "
                    f"smaps and {said} by status")
    return kinds
