// SPDX-License-Identifier: GPL-2.0-only
//
// csharp N
//
// What the program measured in 2024 (RESULTS.md, "As published") does, and nothing more: one task
// is one Task.Delay of 10 seconds, in a list of the right size. It prints nothing, so it is
// weighed at its peak.
var count = int.Parse(args[0]);
var sleepers = new List<Task>(count);
while (sleepers.Count < count)
	sleepers.Add(Task.Delay(TimeSpan.FromSeconds(10)));
await Task.WhenAll(sleepers);
