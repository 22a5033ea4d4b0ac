#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: sbom.py VERSION ARCH FILE MAP LOCK [ROOT]

Prints a CycloneDX list (JSON) of what a static tare is made of: the packages of the archives that
the linker took objects from (its MAP tells), and the npm packages in the page (LOCK). ROOT is a
root of tools/cross-root, if the file was linked there. SOURCE_DATE_EPOCH is its time, so that the
same release gives the same bytes.
"""

import datetime
import hashlib
import json
import os
import re
import subprocess
import sys
import uuid


def linked(map_path):
    """The archives and start files that objects were taken from."""
    found = set()
    with open(map_path, encoding="utf-8", errors="replace") as lines:
        for line in lines:
            if line.startswith(("Memory Configuration", "Discarded input")):
                break
            archive = re.match(r"(/\S+\.a)\(", line)
            if archive:
                found.add(os.path.normpath(archive[1]))
    return found


def packages_of(paths, root):
    """{(package, version)} that own these files."""
    owners, rest = set(), []
    table = {}
    if root:
        with open(os.path.join(root, ".archives"), encoding="utf-8") as lines:
            table = {path: tuple(who) for path, *who in (line.split() for line in lines)}
    for path in sorted(paths):
        inside = "/" + os.path.relpath(path, root) if root else path
        if inside in table:
            owners.add(table[inside])
        else:
            rest.append(path)
    for path in rest:
        # libc.a in /usr/lib may be registered as /lib
        for name in (path, re.sub("^/usr", "", path)):
            said = subprocess.run(["dpkg-query", "-S", name], capture_output=True, text=True)
            if not said.returncode:
                break
        else:
            sys.exit(f"sbom.py: no package has {path}")
        package = said.stdout.split(": ")[0].split(",")[0]
        version = subprocess.run(
            ["dpkg-query", "-W", "-f", "${Package} ${Version}", package],
            capture_output=True, text=True, check=True).stdout
        owners.add(tuple(version.split()))
    return owners


def licences(package, root):
    """The licences that Debian's copyright file names."""
    path = f"usr/share/doc/{package}/copyright"
    names = set()
    for top in (root or "/", "/"):
        try:
            with open(os.path.join(top, path), encoding="utf-8", errors="replace") as lines:
                for line in lines:
                    found = re.match(r"License: *(\S.*)", line)
                    if found:
                        names.add(found[1].strip())
            break
        except OSError:
            continue
    return [{"license": {"name": name}} for name in sorted(names)]


def debian(package, version, arch, root):
    part = {
        "type": "library", "name": package, "version": version,
        "bom-ref": f"deb:{package}", "licenses": licences(package, root),
        "purl": f"pkg:deb/debian/{package}@{version.replace('+', '%2B').replace(':', '%3A')}"
                f"?arch={arch}&distro=debian-12",
    }
    if not part["licenses"]:
        del part["licenses"]
    return part


def npm(lock_path):
    """What is in the page. esbuild only makes it."""
    with open(lock_path, encoding="utf-8") as f:
        lock = json.load(f)
    for path, entry in sorted(lock["packages"].items()):
        name = path.removeprefix("node_modules/")
        if not path or name == "esbuild" or name.startswith("@esbuild/") or entry.get("dev"):
            continue
        part = {
            "type": "library", "name": name, "version": entry["version"],
            "bom-ref": f"npm:{name}", "purl": f"pkg:npm/{name}@{entry['version']}",
        }
        if entry.get("license"):
            part["licenses"] = [{"license": {"name": entry["license"]}}]
        yield part


def main():
    version, arch, file, map_path, lock = sys.argv[1:6]
    root = os.path.abspath(sys.argv[6]) if len(sys.argv) > 6 else None
    when = datetime.datetime.fromtimestamp(
        int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    with open(file, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    parts = [debian(p, v, arch, root)
             for p, v in sorted(packages_of(linked(map_path), root))] + list(npm(lock))
    json.dump({
        "bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, 'tare:' + digest)}",
        "metadata": {
            "timestamp": when.strftime("%Y-%m-%dT%H:%M:%SZ"),
            "component": {
                "type": "application", "name": "tare", "version": version, "bom-ref": "tare",
                "licenses": [{"license": {"id": "GPL-2.0-only"}}],
                "hashes": [{"alg": "SHA-256", "content": digest}],
                "properties": [{"name": "file", "value": os.path.basename(file)}],
            },
        },
        "components": parts,
        "dependencies": [{"ref": "tare", "dependsOn": [p["bom-ref"] for p in parts]}],
    }, sys.stdout, indent=1)
    print()


main()
