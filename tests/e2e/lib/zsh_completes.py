#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""zsh_completes.py SCRIPT LINE: what zsh offers for LINE, on a terminal of its own.

Completion functions only run in zsh's line editor, so a widget completes LINE and prints the
matches that compadd was given.
"""

import os
import pty
import select
import sys
import time

SETUP = r"""
PS1='' PROMPT=''; unsetopt zle_bracketed_paste 2>/dev/null; unset zle_bracketed_paste
autoload -Uz compinit && compinit -D -u
source %s
compadd() {
	local -a seen_by_test
	builtin compadd -O seen_by_test "$@"
	((${#seen_by_test})) && print -rl -- "MATCH:"${^seen_by_test} >&2
	builtin compadd "$@"
}
show() { BUFFER=$LINE_TO_TRY; CURSOR=${#BUFFER}; zle list-choices; print -u2 'ALL''MATCHES' }
zle -N show
bindkey '^G' show
print 'REA''DY'
"""


def read_until(fd, mark, seconds=60):
    got, end = b"", time.monotonic() + seconds
    while mark not in got:
        ready, _, _ = select.select([fd], [], [], max(0, end - time.monotonic()))
        if not ready:
            sys.exit("zsh said no %r:\n%s" % (mark, got.decode(errors="replace")))
        got += os.read(fd, 65536)
    return got


def main():
    script, line = sys.argv[1:]
    pid, fd = pty.fork()
    if pid == 0:
        os.environ.update(LINE_TO_TRY=line, TERM="dumb", LC_ALL="C.UTF-8")
        os.execvp("zsh", ["zsh", "-f", "-i"])
    setup = os.path.join(os.environ.get("BATS_TEST_TMPDIR", "/tmp"), "zsh-setup")
    with open(setup, "w") as out:
        out.write(SETUP % script)
    os.write(fd, (" source %s\n" % setup).encode())
    read_until(fd, b"READY")
    os.write(fd, b"\x07")
    text = read_until(fd, b"ALLMATCHES").decode(errors="replace")
    for got in text.replace("\r", "\n").split("\n"):
        if "MATCH:" in got:
            print(got.split("MATCH:", 1)[1])
    os.close(fd)
    os.waitpid(pid, 0)


main()
