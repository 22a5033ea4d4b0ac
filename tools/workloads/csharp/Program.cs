// SPDX-License-Identifier: GPL-2.0-only
//
// csharp N [SECONDS] [--after] [--delay | --thread]
//
// One task is one Task.Run of an async lambda in Task.Delay; main waits for Task.WhenAll.
// The last one to count itself sets a TaskCompletionSource that main waits for. With --delay a
// task is one Task.Delay, which is parked at once; with --thread it is one Thread in
// Thread.Sleep.
using System;
using System.Collections.Generic;
using System.Globalization;
using System.Threading;
using System.Threading.Tasks;

static class Program {
	static int n, parked;
	static TimeSpan delay = TimeSpan.FromSeconds(10);
	static bool after;
	static string how = "";

	static bool Arguments(string[] args) {
		if (args.Length == 0 || !int.TryParse(args[0], out n) || n < 0 || n > 100000000)
			return false;
		for (int i = 1; i < args.Length; i++) {
			double seconds;
			if (args[i] == "--after")
				after = true;
			else if (args[i] == "--delay" || args[i] == "--thread")
				how = args[i];
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
		var tasks = new List<Task>(n);
		for (int i = 0; i < n; i++) {
			tasks.Add(Task.Run(async () => {
				if (Interlocked.Increment(ref parked) == n)
					ready.SetResult(true);
				await Task.Delay(delay);
			}));
		}
		if (n > 0)
			await ready.Task;
		Console.WriteLine("ready " + n);
		if (n == 0)
			await Task.Delay(delay);
		await Task.WhenAll(tasks);
	}

	static async Task Delay() {
		var tasks = new List<Task>(n);
		for (int i = 0; i < n; i++)
			tasks.Add(Task.Delay(delay));
		Console.WriteLine("ready " + n);
		if (n == 0)
			await Task.Delay(delay);
		await Task.WhenAll(tasks);
	}

	static void Stopped(Exception e) {
		Console.Error.WriteLine("stopped at " + parked + " of " + n + ": " + e.Message);
		Environment.Exit(3);
	}

	static void Threads() {
		var ready = new CountdownEvent(n);
		var threads = new List<Thread>(n);
		for (int i = 0; i < n; i++) {
			var thread = new Thread(() => {
				Interlocked.Increment(ref parked);
				ready.Signal();
				Thread.Sleep(delay);
			});
			thread.IsBackground = true; // none keeps the process alive after a limit
			try {
				thread.Start();
			} catch (Exception e) when (e is OutOfMemoryException ||
			                            e is ThreadStartException) {
				Stopped(e);
			}
			threads.Add(thread);
		}
		ready.Wait();
		Console.WriteLine("ready " + n);
		if (n == 0)
			Thread.Sleep(delay);
		foreach (var thread in threads)
			thread.Join();
	}

	static int Main(string[] args) {
		if (!Arguments(args)) {
			Console.Error.WriteLine("usage: csharp N [SECONDS] [--after] "
				+ "[--delay | --thread], N up to 100000000");
			return 2;
		}
		if (how == "--thread")
			Threads();
		else
			(how == "--delay" ? Delay() : Run()).GetAwaiter().GetResult();
		if (after) {
			Console.WriteLine("after " + n);
			Thread.Sleep(Timeout.Infinite);
		}
		return 0;
	}
}
