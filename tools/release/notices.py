#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: notices.py MAP LOCK MODULES [ROOT]

Prints the copyright notices and licences of what a static tare is made of, which whoever gives it
away must give with it: Debian's copyright file of each package that was linked in, and the
LICENSE of each npm package in the folder MODULES. ROOT is a root of tools/cross-root.
"""

import os
import sys

import parts

HEAD = """tare is free software under the GNU General Public License, version 2 only.
This program contains parts of the packages below, each under its own licence. Of some
packages only files of one licence are linked in; the line with the name tells it. Their
sources are those of Debian 12 with this version (https://snapshot.debian.org/), and of npm.
"""


def read(*paths):
    for path in paths:
        try:
            with open(path, encoding="utf-8", errors="replace") as f:
                return f.read().strip()
        except OSError:
            continue
    return parts.die("no licence text: none of", ", ".join(paths))


def show(name, version, licence, text):
    print(f"\n{'=' * 80}\n{name} {version}: {licence}\n\n{text}")


def main():
    map_path, lock, modules = sys.argv[1:4]
    root = os.path.abspath(sys.argv[4]) if len(sys.argv) > 4 else None
    print(HEAD, end="")
    for name, version, licence in parts.debian(map_path, root):
        path = f"usr/share/doc/{name}/copyright"
        show(name, version, licence,
             read(*(os.path.join(top, path) for top in ([root] if root else []) + ["/"])))
    for name, version, licence in parts.npm(lock):
        show(name, version, licence, read(os.path.join(modules, name, "LICENSE")))


main()
