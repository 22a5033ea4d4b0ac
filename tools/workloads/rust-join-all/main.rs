// SPDX-License-Identifier: GPL-2.0-only
//
// rust-join-all N [SECONDS] [--after]
//
// One task is one future in tokio::time::sleep, and futures::future::join_all polls
// them all from main: nothing is spawned. A future runs to its sleep when it is polled
// first, so the last one says `ready`.
use futures::future::join_all;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::time::sleep;

static MILLISECONDS: AtomicUsize = AtomicUsize::new(10_000);
static N: AtomicUsize = AtomicUsize::new(0);
static TO_START: AtomicUsize = AtomicUsize::new(0);

fn arguments() -> Option<(usize, bool)> {
    let mut args = std::env::args().skip(1);
    let n = args.next()?.parse().ok().filter(|n| *n <= 100_000_000)?;
    let mut after = false;
    for arg in args {
        if arg == "--after" {
            after = true;
        } else {
            let seconds: f64 = arg.parse().ok().filter(|s| (0.0..1e9).contains(s))?;
            MILLISECONDS.store((seconds * 1000.0) as usize, Ordering::Relaxed);
        }
    }
    Some((n, after))
}

fn pause() -> Duration {
    Duration::from_millis(MILLISECONDS.load(Ordering::Relaxed) as u64)
}

async fn task() {
    if TO_START.fetch_sub(1, Ordering::Relaxed) == 1 {
        println!("ready {}", N.load(Ordering::Relaxed));
    }
    sleep(pause()).await;
}

#[tokio::main]
async fn main() {
    let (n, after) = arguments().unwrap_or_else(|| {
        eprintln!("usage: rust-join-all N [SECONDS] [--after], N up to 100000000");
        std::process::exit(2);
    });
    N.store(n, Ordering::Relaxed);
    TO_START.store(n, Ordering::Relaxed);
    if n == 0 {
        println!("ready 0");
        sleep(pause()).await;
    }
    join_all((0..n).map(|_| task())).await;
    if after {
        println!("after {n}");
        std::future::pending::<()>().await;
    }
}
