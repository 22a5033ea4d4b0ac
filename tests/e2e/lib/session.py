# SPDX-License-Identifier: GPL-2.0-only
"""One tare and its workload, held at checkpoints or by SIGSTOP and compared with the
kernel. Every wait has a deadline; on failure all processes that were started are ended.
"""

import contextlib
import os
import select
import signal
import subprocess
import time
import uuid

import procfs
import report

TARE = os.environ.get("TARE", "build/tare")
LIMIT = float(os.environ.get("TARE_TEST_DEADLINE", "30"))
POLL = 0.002


class Failed(Exception):
    pass


class Deadline:
    def __init__(self, seconds=LIMIT):
        self.end = time.monotonic() + seconds

    def left(self):
        return max(0.0, self.end - time.monotonic())

    def wait(self, what, ready, every=POLL):
        """Polls ready(), since /proc has no events, and returns its first true value."""
        while True:
            value = ready()
            if value:
                return value
            if not self.left():
                raise Failed(f"waited too long for: {what}")
            time.sleep(every)


class Session:
    """tare (run with a command, or attach) as a child; `with` ends everything."""

    def __init__(self, directory, seconds=LIMIT):
        self.dir = directory
        self.deadline = Deadline(seconds)
        self.id = uuid.uuid4().hex
        self.marker = f"TARE_TEST_ID={self.id}".encode()
        self.env = dict(os.environ, TARE_TEST_ID=self.id)
        self.out = os.path.join(directory, "r.json")
        self.err = os.path.join(directory, "tare.err")
        self.tare = None
        self.program = None   # the program whose stdin and stdout are connected to this script
        self.snapshots = 0
        self.buffer = b""
        self.beside = []      # sessions of other tares on the same workload
        self.others = False   # the report may have processes of other programs

    def __enter__(self):
        return self

    def __exit__(self, *_):
        # Before tare ends: the tree first, then those who left it. Some overwrite their
        # environment, and with it the marker.
        there = self.workload()
        children = [self.tare, self.program] + [s.tare for s in self.beside]
        for child in children:
            if child and child.poll() is None:
                child.kill()
        for pid in set(there) | set(self.workload()):
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        for child in children:
            if child:
                child.wait()

    def start_run(self, options, command):
        with open(self.err, "wb") as err:
            self.tare = self.program = subprocess.Popen(
                [TARE, "run", *options, "-o", self.out, "--", *command],
                stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=err, env=self.env,
                start_new_session=True)

    def start_program(self, command):
        self.program = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        env=self.env, start_new_session=True)

    def start_attach(self, options):
        """Starts tare without the marker, which identifies the workload."""
        env = {k: v for k, v in self.env.items() if k != "TARE_TEST_ID"}
        with open(self.err, "wb") as err:
            self.tare = subprocess.Popen([TARE, "attach", *options, "-o", self.out],
                                         stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                         stderr=err, env=env, start_new_session=True)

    def said(self):
        """What tare wrote to stderr."""
        return procfs.read(self.err).decode(errors="replace")

    def workload(self):
        tare = self.tare.pid if self.tare else 0
        found = procfs.tree(tare, self.marker) if tare else []
        if self.program and self.program is not self.tare:
            found = sorted(set(found) | set(procfs.tree(self.program.pid, self.marker)) |
                           ({self.program.pid} if procfs.threads(self.program.pid) else set()))
        return [p for p in found if p != tare]

    def line(self):
        """The program's next line of output; None at its end."""
        fd = self.program.stdout.fileno()
        while b"\n" not in self.buffer:
            if not select.select([fd], [], [], self.deadline.left())[0]:
                raise Failed(f"the program says nothing; tare says: {self.said()!r}")
            more = os.read(fd, 65536)
            if not more:
                return None
            self.buffer += more
        text, self.buffer = self.buffer.split(b"\n", 1)
        return text.decode(errors="replace")

    def go_on(self):
        with contextlib.suppress(BrokenPipeError):
            self.program.stdin.write(b"\n")
            self.program.stdin.flush()

    def check_tare(self):
        if self.tare.poll() is not None:
            raise Failed(f"tare ended with {self.tare.returncode}: {self.said()!r}")
        return True

    def snapshot(self):
        """Takes a snapshot and returns the report."""
        self.deadline.wait("tare to take SIGUSR1",
                           lambda: self.check_tare() and
                           procfs.takes_signal(self.tare.pid, signal.SIGUSR1))
        self.snapshots += 1
        path = os.path.join(self.dir, f"r.{self.snapshots}.json")
        if os.path.exists(path):
            raise Failed(f"{path} is there before it was asked for")
        self.tare.send_signal(signal.SIGUSR1)
        self.deadline.wait(path, lambda: os.path.exists(path) or not self.check_tare())
        return report.load(path)

    def end(self):
        """The final report and tare's exit status."""
        if self.program.stdin:
            with contextlib.suppress(BrokenPipeError):
                self.program.stdin.close()
        while self.line() is not None:
            pass
        return self.finish()

    def finish(self):
        status = self.deadline.wait("tare's end", lambda: self.ended(self.tare))[0]
        if not os.path.exists(self.out):
            raise Failed(f"no report; tare ended with {status}: {self.said()!r}")
        return report.load(self.out), status

    @staticmethod
    def ended(child):
        return None if child.poll() is None else (child.returncode,)

    def parked(self):
        """The pids if every thread sleeps or is stopped; otherwise None."""
        pids = self.workload()
        for pid in pids:
            if any(state not in "ST" for state in procfs.threads(pid).values()):
                return None
        return pids

    def kernel(self):
        """{pid: ({kind: bytes}, {tids})} of the workload."""
        found = {}
        for pid in self.workload():
            kinds = procfs.balance(pid)
            if kinds:
                found[pid] = (kinds, set(procfs.threads(pid)))
        return found

    def compare(self, one_mm=(), unseen=0):
        """Compares a snapshot with the kernel at a moment when nothing changed. Returns the
        report, the kernel's figures and a list of differences."""
        for _ in range(5):
            self.deadline.wait("every thread to sleep", self.parked)
            before = self.kernel()
            r = self.snapshot()
            if self.kernel() == before:
                return r, before, compare(r, before, one_mm, self.others, unseen)
        raise Failed("the workload did not stand still")

    def stop_all(self):
        """Sends SIGSTOP to the whole workload until each thread is in state T."""
        while True:
            pids = self.workload()
            for pid in pids:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGSTOP)
            with contextlib.suppress(Failed):
                Deadline(min(1.0, self.deadline.left())).wait("state T", lambda: self.stopped(pids))
                if self.workload() == pids and self.stopped(pids):
                    return pids
            # One may wait for another that is stopped (vfork): continue all, and stop again.
            self.cont_all(pids)
            if not self.deadline.left():
                raise Failed("the workload can't be stopped")

    @staticmethod
    def stopped(pids):
        return all(state == "T" for pid in pids for state in procfs.threads(pid).values())

    @staticmethod
    def cont_all(pids):
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGCONT)

    def bpf_ids(self):
        """({programs}, {maps}) that tare holds, found by its descriptors."""
        progs, maps = set(), set()
        base = f"/proc/{self.tare.pid}/fdinfo"
        for fd in os.listdir(base):
            for line in procfs.read(f"{base}/{fd}").splitlines():
                if line.startswith(b"prog_id:"):
                    progs.add(int(line.split()[1]))
                if line.startswith(b"map_id:"):
                    maps.add(int(line.split()[1]))
        return progs, maps


def compare_one(p, kinds, who):
    bad = []
    for kind, there in kinds.items():
        net = p["balance"][kind]["net"]
        if net != there:
            bad.append(f"{who}: {kind}: tare {net}, kernel {there}: {net - there:+} bytes")
    return bad


def compare(r, kernel, one_mm=(), others=False, unseen=0):
    """Differences between report and kernel: processes, threads, kinds."""
    # Other processes keep running while tare reads them one after another.
    bad = [] if others else report.check(r, unseen=unseen)
    live = {p["pid"]: p for p in report.alive_processes(r)}
    if others:
        live = {pid: p for pid, p in live.items() if pid in kernel}
        for p in live.values():
            bad += report.check_process(p)
    if set(live) != set(kernel):
        bad.append(f"processes: tare {sorted(live)}, kernel {sorted(kernel)}")
    together = set().union(*one_mm) if one_mm else set()
    for pid in set(live) & set(kernel):
        kinds, tids = kernel[pid]
        said = {t["tid"] for t in live[pid]["tasks"] if t["alive"]}
        if said != tids:
            bad.append(f"pid {pid}: threads: tare {sorted(said)}, kernel {sorted(tids)}")
        if pid not in together:
            bad += compare_one(live[pid], kinds, f"pid {pid}")
    for group in one_mm:
        members = [p for p in group if p in live and p in kernel]
        if members:
            kinds = kernel[members[0]][0]
            total = {"balance": {k: {"net": sum(live[p]["balance"][k]["net"] for p in members)}
                                 for k in kinds}}
            bad += compare_one(total, kinds, f"pids {sorted(members)} together")
    return bad
