#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Runs a command on a controlling terminal of its own, shows what it prints, and exits
with its status.

    terminal.py [--send TEXT --after TEXT]… -- CMD ARG…

--send sends TEXT (^C is the interrupt key) once --after has been printed; pairs in order.
--again: repeats the last --send every 0.3 s until the command ends.
"""

import argparse
import os
import pty
import select
import signal
import sys
import termios
import time


def options(argv):
    p = argparse.ArgumentParser(usage=__doc__)
    p.add_argument("--send", action="append", default=[])
    p.add_argument("--after", action="append", default=[])
    p.add_argument("--again", action="store_true")
    p.add_argument("--seconds", type=float, default=20)
    p.add_argument("command", nargs="+")
    return p.parse_args(argv)


def talk(o, fd, end):
    """Copies what is printed until the other side closes; sends each text when due."""
    text, sent, times, last = b"", 0, 0, 0.0
    while time.monotonic() < end:
        if select.select([fd], [], [], 0.02)[0]:
            try:
                more = os.read(fd, 65536)
            except OSError:
                more = b""
            if not more:
                return text, times
            text += more
            sys.stdout.buffer.write(more)
        now = time.monotonic()
        if sent < len(o.send) and o.after[sent].encode() in text:
            os.write(fd, o.send[sent].replace("^C", "\x03").encode())
            sent, times, last = sent + 1, times + 1, now
        elif o.again and sent and sent == len(o.send) and now > last + 0.3:
            os.write(fd, o.send[-1].replace("^C", "\x03").encode())
            times, last = times + 1, now
    raise TimeoutError


def main(argv):
    o = options(argv)
    pid, fd = pty.fork()
    if not pid:
        os.execvp(o.command[0], o.command)
    settings = termios.tcgetattr(fd)
    settings[3] |= termios.NOFLSH  # else an interrupt discards a report that was not read yet
    termios.tcsetattr(fd, termios.TCSANOW, settings)
    try:
        _, times = talk(o, fd, time.monotonic() + o.seconds)
    except TimeoutError:
        os.killpg(pid, signal.SIGKILL)
        print("terminal.py: it did not end")
        times = 0
    status = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    sys.stdout.flush()
    print(f"sent {times} times")
    return status if status >= 0 else 128 - status


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
