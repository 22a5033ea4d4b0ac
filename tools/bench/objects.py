# SPDX-License-Identifier: GPL-2.0-only
"""objects.py [N]: builds N objects of 1,000 bytes and frees them; prints the
seconds that this took."""

import sys
import time

n = int(sys.argv[1]) if len(sys.argv) > 1 else 600_000
start = time.perf_counter()
objects = [bytes(1000 - sys.getsizeof(b"")) for _ in range(n)]
del objects
print(f"{time.perf_counter() - start:.4f}")
