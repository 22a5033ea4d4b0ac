// SPDX-License-Identifier: GPL-2.0-only
//
// rust-tokio-channel N [SECONDS] [--after]
//
// One task is one future spawned with tokio::spawn on the multi-threaded runtime that awaits
// recv() of a tokio::sync::mpsc channel of its own, with room for one value. Main keeps the
// senders and, after SECONDS, sends a value into each.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::sync::{mpsc, Notify};
use tokio::time::sleep;

static TO_START: AtomicUsize = AtomicUsize::new(0);
static READY: Notify = Notify::const_new();

fn arguments() -> Option<(usize, Duration, bool)> {
    let mut args = std::env::args().skip(1);
    let n = args.next()?.parse().ok().filter(|n| *n <= 100_000_000)?;
    let (mut seconds, mut after) = (10.0, false);
    for arg in args {
        match arg.as_str() {
            "--after" => after = true,
            _ => seconds = arg.parse().ok().filter(|s| (0.0..1e9).contains(s))?,
        }
    }
    Some((n, Duration::from_secs_f64(seconds), after))
}

#[tokio::main]
async fn main() {
    let (n, pause, after) = arguments().unwrap_or_else(|| {
        eprintln!("usage: rust-tokio-channel N [SECONDS] [--after], N up to 100000000");
        std::process::exit(2);
    });
    TO_START.store(n, Ordering::Relaxed);
    let mut tasks = Vec::with_capacity(n);
    for _ in 0..n {
        let (sender, mut receiver) = mpsc::channel::<u8>(1);
        let task = tokio::spawn(async move {
            if TO_START.fetch_sub(1, Ordering::Relaxed) == 1 {
                READY.notify_one();
            }
            receiver.recv().await
        });
        tasks.push((sender, task));
    }
    if n > 0 {
        READY.notified().await;
    }
    println!("ready {n}");
    sleep(pause).await;
    for (sender, task) in tasks {
        sender.send(1).await.unwrap();
        task.await.unwrap();
    }
    if after {
        println!("after {n}");
        std::future::pending::<()>().await;
    }
}
