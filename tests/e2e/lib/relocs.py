#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""Lists the fields and enumerators that the BPF programs of an object file look up in the
kernel's types when they are loaded (CO-RE), from its .BTF.ext.

    relocs.py OBJECT [BTF]    with BTF, only the names that it has
"""

import struct
import sys

INT, PTR, ARRAY, STRUCT, UNION, ENUM, FWD, TYPEDEF, VOLATILE, CONST, RESTRICT, FUNC, PROTO, VAR, \
    DATASEC, FLOAT, DECL_TAG, TYPE_TAG, ENUM64 = range(1, 20)
THROUGH = (TYPEDEF, VOLATILE, CONST, RESTRICT, TYPE_TAG)
FIELDS, ENUMERATORS = range(0, 6), (10, 11)


def sections(elf):
    at, = struct.unpack_from("<Q", elf, 40)
    size, n, names = struct.unpack_from("<HHH", elf, 58)
    heads = [struct.unpack_from("<IIQQQQ", elf, at + i * size) for i in range(n)]
    start = heads[names][4]
    return {elf[start + h[0]:elf.index(b"\0", start + h[0])].decode(): elf[h[4]:h[4] + h[5]]
            for h in heads}


class Types:
    def __init__(self, btf):
        head, off, size, strings, _ = struct.unpack_from("<IIIII", btf, 4)
        self.strings = btf[head + strings:]
        self.all = [None]
        at, end = head + off, head + off + size
        while at < end:
            name, info, size = struct.unpack_from("<III", btf, at)
            kind, n = info >> 24 & 31, info & 0xffff
            at += 12
            words = {INT: 1, ARRAY: 3, STRUCT: 3 * n, UNION: 3 * n, ENUM: 2 * n, PROTO: 2 * n,
                     VAR: 1,
                     DATASEC: 3 * n, DECL_TAG: 1, ENUM64: 3 * n}.get(kind, 0)
            self.all.append((kind, name, size, struct.unpack_from(f"<{words}I", btf, at)))
            at += 4 * words

    def text(self, offset):
        return self.strings[offset:self.strings.index(b"\0", offset)].decode()

    def plain(self, number):
        while self.all[number][0] in THROUGH:
            number = self.all[number][2]
        return self.all[number]

    def named(self, number, access, kind):
        """The last name of the path: the field or the enumerator."""
        steps = [int(step) for step in access.split(":")]
        of = self.plain(number)
        if kind in ENUMERATORS:
            return self.text(of[3][steps[0] * (2 if of[0] == ENUM else 3)])
        name = ""
        for step in steps[1:]:
            if of[0] == ARRAY:
                of = self.plain(of[3][0])
                continue
            member, number, _ = of[3][3 * step:3 * step + 3]
            name, of = self.text(member) or name, self.plain(number)
        return name


def names(path):
    with open(path, "rb") as file:
        all_sections = sections(file.read())
    types, ext = Types(all_sections[".BTF"]), all_sections[".BTF.ext"]
    head, = struct.unpack_from("<I", ext, 4)
    off, size = struct.unpack_from("<II", ext, 24)
    at, end = head + off, head + off + size
    record, = struct.unpack_from("<I", ext, at)
    at += 4
    found = set()
    while at < end:
        _, n = struct.unpack_from("<II", ext, at)
        at += 8
        for _ in range(n):
            _, number, access, kind = struct.unpack_from("<IIII", ext, at)
            at += record
            if kind in FIELDS or kind in ENUMERATORS:
                found.add(types.named(number, types.text(access), kind))
    return sorted(name for name in found if name)


if __name__ == "__main__":
    known = None
    if len(sys.argv) > 2:
        with open(sys.argv[2], "rb") as btf:
            known = set(btf.read().split(b"\0"))
    print("\n".join(n for n in names(sys.argv[1]) if known is None or n.encode() in known))
