# SPDX-License-Identifier: GPL-2.0-only
#
# One task: an async proc of asyncdispatch (a closure iterator and its Future)
# that awaits sleepAsync; main waits for all of them. A task runs at once until
# it first waits.
import std/[asyncdispatch, os, sequtils, strutils]

var parked = 0

proc task(seconds: int) {.async.} =
  inc parked
  await sleepAsync(seconds * 1000)

proc runAll(n, seconds: int) {.async.} =
  let all = all(newSeqWith(n, task(seconds)))
  echo "ready ", parked
  stdout.flushFile()
  if n == 0:
    await sleepAsync(seconds * 1000)
  await all

proc main(n, seconds: int, stay: bool) {.async.} =
  await runAll(n, seconds)
  if stay:
    echo "after ", n
    stdout.flushFile()
    while true:
      await sleepAsync(3_600_000)

proc number(text: string): int =
  if text.len in 1 .. 9 and text.allIt(it in Digits): parseInt(text) else: -1

let
  args = commandLineParams()
  numbers = args.filterIt(it != "--after").mapIt(number(it))
if numbers.len notin 1 .. 2 or -1 in numbers or numbers[0] > 100_000_000:
  stderr.writeLine "usage: main N [SECONDS] [--after], N up to 10^8"
  quit 2
waitFor main(numbers[0], if numbers.len == 2: numbers[1] else: 10, "--after" in args)
