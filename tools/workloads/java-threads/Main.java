// SPDX-License-Identifier: GPL-2.0-only
//
// Main N [SECONDS] [--after] [--touch BYTES]
//
// One task is one platform thread (new Thread, start, join) with the default stack, in
// Thread.sleep. Main waits for a CountDownLatch that each counts down before it sleeps.
// With --touch each thread calls itself, and sleeps below these calls: a call takes
// 128 bytes of stack at least and, while it is not compiled yet, about three times that.
import java.util.concurrent.CountDownLatch;

public class Main {
	static int n, touch;
	static long milliseconds = 10_000;
	static boolean after;
	static CountDownLatch parked;

	static void arguments(String[] args) {
		n = Integer.parseInt(args[0]);
		for (int i = 1; i < args.length; i++) {
			switch (args[i]) {
			case "--after" -> after = true;
			case "--touch" -> touch = Integer.parseInt(args[++i]);
			default -> milliseconds = (long) (Double.parseDouble(args[i]) * 1000);
			}
		}
		if (n < 0 || n > 100_000_000 || touch < 0 || milliseconds < 0)
			throw new IllegalArgumentException();
	}

	static void pause() {
		try {
			Thread.sleep(milliseconds);
		} catch (InterruptedException e) {
			throw new IllegalStateException(e);
		}
	}

	static void park() {
		parked.countDown();
		pause();
	}

	// Sixteen values that are needed after the call, so they are kept on the stack.
	static long deep(int bytes, long x) {
		long a = x * 3, b = x * 5, c = x * 7, d = x * 11;
		long e = x * 13, f = x * 17, g = x * 19, h = x * 23;
		long i = x ^ 3, j = x ^ 5, k = x ^ 7, l = x ^ 11;
		long m = x ^ 13, o = x ^ 17, p = x ^ 19, q = x ^ 23;
		long r = 1;
		if (bytes > 128)
			r = deep(bytes - 128, x + 1);
		else
			park();
		return (r ^ a) * (r ^ b) + (r ^ c) * (r ^ d) + (r ^ e) * (r ^ f) + (r ^ g) * (r ^ h)
			+ (r ^ i) * (r ^ j) + (r ^ k) * (r ^ l)
			+ (r ^ m) * (r ^ o) + (r ^ p) * (r ^ q);
	}

	static void touching() {
		try {
			deep(touch, parked.getCount());
		} catch (StackOverflowError e) {
			stopped(n - (int) parked.getCount(), e);
		}
	}

	static synchronized void stopped(int at, Throwable reason) {
		String message = reason.getMessage() != null
			? reason.getMessage() : reason.toString();
		System.err.println("stopped at " + at + " of " + n + ": " + message);
		Runtime.getRuntime().halt(3);
	}

	public static void main(String[] args) throws InterruptedException {
		try {
			arguments(args);
		} catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
			System.err.println("usage: Main N [SECONDS] [--after] [--touch BYTES],"
				+ " N up to 100000000");
			System.exit(2);
		}
		parked = new CountDownLatch(n);
		Thread[] threads = null;
		int started = 0;
		try {
			threads = new Thread[n];
			for (; started < n; started++) {
				threads[started] = new Thread(() -> {
					if (touch > 0)
						touching();
					else
						park();
				});
				threads[started].start();
			}
		} catch (OutOfMemoryError e) {
			threads = null; // room for the message
			stopped(started, e);
		}
		parked.await();
		System.out.println("ready " + n);
		System.out.flush();
		if (n == 0)
			pause();
		for (Thread thread : threads)
			thread.join();
		if (after) {
			System.out.println("after " + n);
			System.out.flush();
			Thread.sleep(Long.MAX_VALUE);
		}
	}
}
