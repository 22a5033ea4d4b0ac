#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""go_lines.py TARE FULL STRIPPED: the lines that tare gives of sampled addresses of a Go program
without symbols are those that addr2line gives of the same program with its DWARF."""

import json
import os
import subprocess
import sys
import tempfile

tare, full, stripped = sys.argv[1:]
with tempfile.TemporaryDirectory() as folder:
    out = os.path.join(folder, 'r.json')
    options = ['--as-root', '--lines', '--period', '4KiB', '-o', out]
    subprocess.run([tare, 'run', *options, '--', stripped],
                   check=True, stdout=subprocess.DEVNULL)
    with open(out) as f:
        profile = json.load(f)['profile']

frames, text = profile['frames'], profile['strings']
mine = [m['path'] == stripped for m in profile['modules']]
got = {}
for i, address in enumerate(frames['address']):
    module, inlined = frames['module'][i], frames['flags'][i] & 2
    if module >= 0 and mine[module] and frames['file'][i] >= 0:
        places = got.setdefault(address, [[], None])
        place = (os.path.basename(text[frames['file'][i]]), frames['line'][i])
        if inlined:
            places[0].append(place)
        else:
            places[1] = place

expected, at = {}, None
answer = subprocess.run(['addr2line', '-a', '-i', '-e', full], input='\n'.join(got), text=True,
                        capture_output=True, check=True).stdout
for line in answer.splitlines():
    if line.startswith('0x'):
        at = expected.setdefault(hex(int(line, 16)), [])
    else:
        file, number = line.split(' (')[0].rsplit(':', 1)
        at.append((os.path.basename(file), int(number) if number != '?' else 0))

assert len(got) >= 50, f'only {len(got)} addresses'
for address, (inlined, own) in got.items():
    # Two frames may have this address: a caller, and an interrupted function. Each frame comes
    # with all inlined calls at the address, so only the first set of them is compared.
    places = inlined[:len(expected[address]) - 1] + [own]
    assert places == expected[address], f'{address}: {places}, not {expected[address]}'
print(f'{len(got)} addresses')
