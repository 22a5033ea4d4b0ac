# SPDX-License-Identifier: GPL-2.0-only
"""What a static tare is made of: the packages of the archives that the linker took objects from
(its map tells), and the npm packages in the pages (their lock file), each with version and
licence."""

import fnmatch
import json
import os
import re
import subprocess
import sys

sys.dont_write_bytecode = True
HERE = os.path.dirname(os.path.abspath(__file__))

# What may be part of a program under GPL-2.0-only. Not in the list: GPL-3.0, LGPL-3.0, Apache-2.0.
GOES_WITH_GPL_2 = {
    "0BSD", "BSD-2-Clause", "BSD-3-Clause", "BSD-3-Clause WITH PCRE2-exception", "ISC", "MIT",
    "Unlicense", "X11-distribute-modifications-variant", "Zlib", "blessing", "bzip2-1.0.6",
    "LicenseRef-public-domain", "GPL-2.0-only", "GPL-2.0-or-later", "LGPL-2.0-or-later",
    "LGPL-2.1-only", "LGPL-2.1-or-later", "GPL-3.0-or-later WITH GCC-exception-3.1",
}


def die(*words):
    sys.exit("tools/release: " + " ".join(words))


def allowed(name, licence):
    """The licence, if tare may be linked with it."""
    if not all(any(one in GOES_WITH_GPL_2 for one in part.split(" OR "))
               for part in licence.split(" AND ")):
        die(f"{name} is under {licence}, which does not go with GPL-2.0-only")
    return licence


def licence_of(package):
    with open(os.path.join(HERE, "licences"), encoding="utf-8") as lines:
        for line in lines:
            pattern, _, licence = line.partition(" ")
            if not line.startswith("#") and fnmatch.fnmatchcase(package, pattern):
                return allowed(package, licence.strip())
    return die(f"tools/release/licences does not have {package}, which is linked in")


def linked(map_path):
    """The archives that objects were taken from."""
    found = set()
    with open(map_path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("Memory Configuration", "Discarded input")):
                break
            archive = re.match(r"(/\S+\.a)\(", line)
            if archive:
                found.add(os.path.normpath(archive[1]))
    return found


def owner(path):
    """(package, version) that has this file on this machine."""
    # libc.a in /usr/lib may be registered as /lib, and the other way round.
    for name in (path, re.sub("^/usr", "", path), "/usr" + path):
        said = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
        if not said.returncode:
            break
    else:
        die(f"no package has {path}")
    package = said.stdout.split(": ")[0].split(",")[0]
    version = subprocess.run(["dpkg-query", "-W", "-f", "${Package} ${Version}", package],
                             capture_output=True, text=True, check=True).stdout
    return tuple(version.split())


def debian(map_path, root):
    """[(package, version, licence)], sorted. `root`: of tools/cross-root, or None."""
    owners, table = set(), {}
    if root:
        with open(os.path.join(root, ".archives"), encoding="utf-8") as lines:
            table = {path: tuple(who) for path, *who in (line.split() for line in lines)}
    for path in linked(map_path):
        inside = "/" + os.path.relpath(path, root) if root else path
        owners.add(table.get(inside) or owner(path))
    return [(package, version, licence_of(package)) for package, version in sorted(owners)]


def npm(lock_path):
    """[(name, version, licence)] of what is in the pages. esbuild only makes them."""
    found = []
    with open(lock_path, encoding="utf-8") as f:
        lock = json.load(f)
    for path, entry in sorted(lock["packages"].items()):
        name = path.removeprefix("node_modules/")
        if path and name != "esbuild" and not name.startswith("@esbuild/") and \
                not entry.get("dev"):
            found.append((name, entry["version"], allowed(name, entry["license"])))
    return found
