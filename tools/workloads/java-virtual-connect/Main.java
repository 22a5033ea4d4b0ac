// SPDX-License-Identifier: GPL-2.0-only
//
// Main N SECONDS HOST:PORT
//
// One task is one virtual thread that reads from a java.net.Socket of its own, which it
// opened. The N connections go to 127.0.0.1 … 127.0.0.8 in turn, because one address has
// only so many local ports. SECONDS count from `ready`. The JVM raises the soft limit
// of open files by itself.
import java.io.IOException;
import java.net.Socket;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;

public class Main {
	static int n, port;
	static long milliseconds;
	static CountDownLatch parked, ended;

	static void arguments(String[] args) {
		n = Integer.parseInt(args[0]);
		milliseconds = (long) (Double.parseDouble(args[1]) * 1000);
		port = Integer.parseInt(args[2].substring(args[2].lastIndexOf(':') + 1));
		if (n < 0 || n > 100_000_000 || milliseconds < 0 || port < 1 || port > 65535
				|| args.length > 3)
			throw new IllegalArgumentException();
	}

	static synchronized void stopped(Throwable reason) {
		System.err.println("stopped at " + (n - parked.getCount()) + " of " + n + ": "
				+ reason.getMessage());
		Runtime.getRuntime().halt(3);
	}

	static void task(int i) {
		try (Socket socket = new Socket("127.0.0." + (1 + i % 8), port)) {
			parked.countDown();
			socket.getInputStream().read();
		} catch (IOException e) {
			// Once all were parked, the peer has ended the connection.
			if (parked.getCount() > 0)
				stopped(e);
		}
		ended.countDown();
	}

	public static void main(String[] args) throws InterruptedException {
		try {
			arguments(args);
		} catch (IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
			System.err.println("usage: Main N SECONDS HOST:PORT, N up to 100000000");
			System.exit(2);
		}
		parked = new CountDownLatch(n);
		ended = new CountDownLatch(Math.max(n, 1));
		try {
			for (int i = 0; i < n; i++) {
				int number = i;
				Thread.startVirtualThread(() -> task(number));
			}
		} catch (OutOfMemoryError e) {
			stopped(e);
		}
		parked.await();
		System.out.println("ready " + n);
		System.out.flush();
		ended.await(milliseconds, TimeUnit.MILLISECONDS);
	}
}
