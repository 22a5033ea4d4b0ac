# SPDX-License-Identifier: GPL-2.0-only
#
# A program with a planted regression: "repeat" or "split" keeps all that it makes.
leak = ARGV[0]
line = (["a word of a line"] * 24).join(",")
kept = []
30_000.times do |i|
  kept << "x" * 1000 if leak == "repeat" || i < 100
  kept << line.split(",") if leak == "split" || i < 100
end
puts kept.size
