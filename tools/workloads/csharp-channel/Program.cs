// SPDX-License-Identifier: GPL-2.0-only
//
// csharp-channel N [SECONDS] [--after]
//
// One task is one Task.Run of an async lambda that awaits ReadAsync of a bounded Channel of its
// own, with room for one value. Main keeps the channels and, after SECONDS, writes a value into
// each. The last one to count itself sets a TaskCompletionSource that main waits for.
using System;
using System.Globalization;
using System.Threading;
using System.Threading.Channels;
using System.Threading.Tasks;

static class Program {
	static int n, parked;
	static TimeSpan delay = TimeSpan.FromSeconds(10);
	static bool after;

	static bool Arguments(string[] args) {
		if (args.Length == 0 || !int.TryParse(args[0], out n) || n < 0 || n > 100000000)
			return false;
		for (int i = 1; i < args.Length; i++) {
			double seconds;
			if (args[i] == "--after")
				after = true;
			else if (double.TryParse(args[i], NumberStyles.Float,
			                         CultureInfo.InvariantCulture, out seconds)
			         && seconds >= 0 && seconds < 2e6)
				delay = TimeSpan.FromSeconds(seconds);
			else
				return false;
		}
		return true;
	}

	static async Task Run() {
		var ready = new TaskCompletionSource<bool>();
		var tasks = new Task[n];
		var channels = new Channel<int>[n];
		for (int i = 0; i < n; i++) {
			var channel = Channel.CreateBounded<int>(1);
			channels[i] = channel;
			tasks[i] = Task.Run(async () => {
				if (Interlocked.Increment(ref parked) == n)
					ready.SetResult(true);
				await channel.Reader.ReadAsync();
			});
		}
		if (n > 0)
			await ready.Task;
		Console.WriteLine("ready " + n);
		await Task.Delay(delay);
		foreach (var channel in channels)
			await channel.Writer.WriteAsync(1);
		await Task.WhenAll(tasks);
	}

	static int Main(string[] args) {
		if (!Arguments(args)) {
			Console.Error.WriteLine(
				"usage: csharp-channel N [SECONDS] [--after], N up to 100000000");
			return 2;
		}
		Run().GetAwaiter().GetResult();
		if (after) {
			Console.WriteLine("after " + n);
			Thread.Sleep(Timeout.Infinite);
		}
		return 0;
	}
}
