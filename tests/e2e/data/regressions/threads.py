# SPDX-License-Identifier: GPL-2.0-only
#
# 30 named threads, one with a planted regression: "load" in reader-7, "index" in indexer-19. They
# end when the program has read a line.
import sys
import threading

leak = sys.argv[1]
kept = []
full, done = threading.Barrier(31), threading.Event()


def load_rows(n):
    for i in range(n):
        kept.append(bytearray(1000))  # planted: load


def build_index(n):
    for i in range(n):
        kept.append(("key-%d" % i) * 100)  # planted: index


def read(number):
    load_rows(30000 if leak == "load" and number == 7 else 100)
    full.wait()
    done.wait()


def index(number):
    build_index(30000 if leak == "index" and number == 19 else 100)
    full.wait()
    done.wait()


threads = [threading.Thread(target=read, args=(i,), name="reader-%d" % i) for i in range(15)]
threads += [threading.Thread(target=index, args=(i,), name="indexer-%d" % i) for i in range(15, 30)]
for t in threads:
    t.start()
full.wait()
print("checkpoint full", flush=True)
input()
done.set()
for t in threads:
    t.join()
