#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""usage: sbom.py VERSION ARCH FILE MAP LOCK [ROOT]

Prints a CycloneDX list (JSON) of what a static tare is made of: see parts.py. ROOT is a root of
tools/cross-root, if the file was linked there. SOURCE_DATE_EPOCH is its time, so that the same
release gives the same bytes.
"""

import datetime
import hashlib
import json
import os
import sys
import uuid

import parts


def component(kind, name, version, licence, purl):
    return {
        "type": "library", "name": name, "version": version, "bom-ref": f"{kind}:{name}",
        "licenses": [{"expression": licence}], "purl": purl,
    }


def components(map_path, lock, arch, root):
    for name, version, licence in parts.debian(map_path, root):
        escaped = version.replace("+", "%2B").replace(":", "%3A")
        yield component("deb", name, version, licence,
                        f"pkg:deb/debian/{name}@{escaped}?arch={arch}&distro=debian-12")
    for name, version, licence in parts.npm(lock):
        yield component("npm", name, version, licence, f"pkg:npm/{name}@{version}")


def main():
    version, arch, file, map_path, lock = sys.argv[1:6]
    root = os.path.abspath(sys.argv[6]) if len(sys.argv) > 6 else None
    when = datetime.datetime.fromtimestamp(
        int(os.environ["SOURCE_DATE_EPOCH"]), datetime.timezone.utc)
    with open(file, "rb") as f:
        digest = hashlib.sha256(f.read()).hexdigest()
    found = list(components(map_path, lock, arch, root))
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
        "components": found,
        "dependencies": [{"ref": "tare", "dependsOn": [p["bom-ref"] for p in found]}],
    }, sys.stdout, indent=1)
    print()


main()
