// SPDX-License-Identifier: GPL-2.0-only
//
// rust-threads N [SECONDS] [--after] [--touch BYTES]
//
// One task is one thread of std::thread with its default stack of 2 MiB, in
// thread::sleep, and joined. The last one to count itself unparks main. With --touch
// each thread calls itself with frames of 4 KiB until BYTES of its stack are touched,
// and then sleeps.
use std::mem::MaybeUninit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Once;
use std::thread;
use std::time::Duration;

static PARKED: AtomicUsize = AtomicUsize::new(0);
static STOPPED: Once = Once::new();

struct Options {
    n: usize,
    sleep: Duration,
    after: bool,
    touch: usize,
}

fn arguments() -> Option<Options> {
    let mut args = std::env::args().skip(1);
    let n = args.next()?.parse().ok().filter(|n| *n <= 100_000_000)?;
    let (mut seconds, mut after, mut touch) = (10.0, false, 0);
    while let Some(arg) = args.next() {
        match arg.as_str() {
            "--after" => after = true,
            "--touch" => touch = args.next()?.parse().ok()?,
            _ => seconds = arg.parse().ok().filter(|s| (0.0..1e9).contains(s))?,
        }
    }
    Some(Options { n, sleep: Duration::from_secs_f64(seconds), after, touch })
}

#[inline(never)]
fn touch(bytes: usize) -> u8 {
    let mut page = MaybeUninit::<[u8; 4096]>::uninit();
    // Volatile and somewhere, or the compiler finds that nobody needs the page.
    let byte = unsafe { page.as_mut_ptr().cast::<u8>().add(bytes % 4096) };
    unsafe { byte.write_volatile(1) };
    let below = if bytes > 4096 { touch(bytes - 4096) } else { 0 };
    below | unsafe { byte.read_volatile() }
}

fn stopped(at: usize, n: usize, reason: &str) {
    STOPPED.call_once(|| {
        eprintln!("stopped at {at} of {n}: {reason}");
        std::process::exit(3);
    });
}

fn main() {
    let Options { n, sleep, after, touch: bytes } = arguments().unwrap_or_else(|| {
        eprintln!("usage: rust-threads N [SECONDS] [--after] [--touch BYTES], N up to 100000000");
        std::process::exit(2);
    });
    // A thread panics that finds no room for its signal stack.
    std::panic::set_hook(Box::new(move |info| {
        let reason = info.payload().downcast_ref::<String>();
        stopped(PARKED.load(Ordering::Relaxed), n, reason.map_or("panic", |reason| reason));
    }));
    let main = thread::current();
    let mut threads = Vec::with_capacity(n);
    for i in 0..n {
        let main = main.clone();
        let task = move || {
            if bytes > 0 {
                touch(bytes);
            }
            if PARKED.fetch_add(1, Ordering::Relaxed) + 1 == n {
                main.unpark();
            }
            thread::sleep(sleep);
        };
        match thread::Builder::new().spawn(task) {
            Ok(thread) => threads.push(thread),
            Err(error) => stopped(i, n, &error.to_string()),
        }
    }
    while PARKED.load(Ordering::Relaxed) < n {
        thread::park();
    }
    println!("ready {n}");
    if n == 0 {
        thread::sleep(sleep);
    }
    for thread in threads {
        thread.join().unwrap();
    }
    if after {
        println!("after {n}");
        loop {
            thread::sleep(Duration::MAX);
        }
    }
}
