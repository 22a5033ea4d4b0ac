# SPDX-License-Identifier: GPL-2.0-only
"""objects.py [N]: builds N objects of 1,000 bytes and frees them; prints the
CPU seconds that this took."""

import sys
import time

n = int(sys.argv[1]) if len(sys.argv) > 1 else 600_000
start = time.process_time()
objects = [bytes(1000 - sys.getsizeof(b"")) for _ in range(n)]
del objects
print(f"{time.process_time() - start:.4f}")
