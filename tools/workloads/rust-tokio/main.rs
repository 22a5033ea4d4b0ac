// SPDX-License-Identifier: GPL-2.0-only
//
// rust-tokio N [SECONDS] [--after]
//
// One task is one future spawned with tokio::spawn on the multi-threaded runtime, in
// tokio::time::sleep; main awaits each JoinHandle. What all tasks have in common is
// static, so that a task holds its sleep and nothing else.
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::Duration;
use tokio::sync::oneshot;
use tokio::time::sleep;

static MILLISECONDS: AtomicUsize = AtomicUsize::new(10_000);
static TO_START: AtomicUsize = AtomicUsize::new(0);
static READY: Mutex<Option<oneshot::Sender<()>>> = Mutex::new(None);

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

fn started() {
    if TO_START.fetch_sub(1, Ordering::Relaxed) == 1 {
        let ready = READY.lock().unwrap().take();
        let _ = ready.unwrap().send(());
    }
}

#[tokio::main]
async fn main() {
    let (n, after) = arguments().unwrap_or_else(|| {
        eprintln!("usage: rust-tokio N [SECONDS] [--after], N up to 100000000");
        std::process::exit(2);
    });
    let (sender, ready) = oneshot::channel();
    *READY.lock().unwrap() = Some(sender);
    TO_START.store(n, Ordering::Relaxed);
    let mut tasks = Vec::with_capacity(n);
    for _ in 0..n {
        tasks.push(tokio::spawn(async {
            started();
            sleep(pause()).await;
        }));
    }
    if n > 0 {
        ready.await.unwrap();
    }
    println!("ready {n}");
    if n == 0 {
        sleep(pause()).await;
    }
    for task in tasks {
        task.await.unwrap();
    }
    if after {
        println!("after {n}");
        std::future::pending::<()>().await;
    }
}
