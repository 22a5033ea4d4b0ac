# SPDX-License-Identifier: GPL-2.0-only
#
# The program that `make demo` weighs. Each of its four threads builds a list of objects and
# keeps it; the last one frees its list again.

import threading

CELL = 1000
built = {}
done = threading.Barrier(4)


def build(name, cells):
    built[name] = [bytes(CELL) for _ in range(cells)]
    if name == "frees":
        del built[name]
    done.wait()


appetites = {"small": 5_000, "medium": 40_000, "large": 120_000, "frees": 60_000}
threads = [threading.Thread(target=build, name=a[0], args=a) for a in appetites.items()]
for t in threads:
    t.start()
for t in threads:
    t.join()
print(f"demo: {sum(map(len, built.values())):,} objects of {CELL:,} bytes kept")
