// SPDX-License-Identifier: GPL-2.0-only
//
// Main N [SECONDS] [--after]
//
// One task is one virtual thread that takes from an ArrayBlockingQueue of its own, with room
// for one value. Main keeps the queues and, after SECONDS, puts a value into each.
import java.util.concurrent.ArrayBlockingQueue;
import java.util.concurrent.CountDownLatch;

public class Main {
	static int n;
	static long milliseconds = 10_000;
	static boolean after;

	static void arguments(String[] args) {
		n = Integer.parseInt(args[0]);
		for (int i = 1; i < args.length; i++) {
			if (args[i].equals("--after"))
				after = true;
			else
				milliseconds = (long) (Double.parseDouble(args[i]) * 1000);
		}
		if (n < 0 || n > 100_000_000 || milliseconds < 0)
			throw new IllegalArgumentException();
	}

	static void receive(ArrayBlockingQueue<Integer> queue, CountDownLatch parked) {
		parked.countDown();
		try {
			queue.take();
		} catch (InterruptedException e) {
			throw new IllegalStateException(e);
		}
	}

	@SuppressWarnings("unchecked")
	public static void main(String[] args) throws InterruptedException {
		try {
			arguments(args);
		} catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
			System.err.println("usage: Main N [SECONDS] [--after], N up to 100000000");
			System.exit(2);
		}
		CountDownLatch parked = new CountDownLatch(n);
		ArrayBlockingQueue<Integer>[] queues = new ArrayBlockingQueue[n];
		Thread[] threads = new Thread[n];
		for (int i = 0; i < n; i++) {
			ArrayBlockingQueue<Integer> queue = new ArrayBlockingQueue<>(1);
			queues[i] = queue;
			threads[i] = Thread.startVirtualThread(() -> receive(queue, parked));
		}
		parked.await();
		System.out.println("ready " + n);
		System.out.flush();
		Thread.sleep(milliseconds);
		for (ArrayBlockingQueue<Integer> queue : queues)
			queue.put(1);
		for (Thread thread : threads)
			thread.join();
		if (after) {
			System.out.println("after " + n);
			System.out.flush();
			Thread.sleep(Long.MAX_VALUE);
		}
	}
}
