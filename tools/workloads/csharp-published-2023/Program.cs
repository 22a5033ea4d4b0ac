// SPDX-License-Identifier: GPL-2.0-only
//
// csharp N
//
// What the program measured in 2023 (RESULTS.md, "As published") does, and nothing more: one task
// is one Task.Run of an async lambda that awaits Task.Delay of 10 seconds. The list of tasks
// grows as they are added. It prints nothing, so it is weighed at its peak.
var sleepers = new List<Task>();
for (var left = int.Parse(args[0]); left > 0; left--)
	sleepers.Add(Task.Run(async () => await Task.Delay(TimeSpan.FromSeconds(10))));
await Task.WhenAll(sleepers);
