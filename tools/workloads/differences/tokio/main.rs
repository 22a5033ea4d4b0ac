// SPDX-License-Identifier: GPL-2.0-only
//
// tokio N SHAPE RUNTIME | tokio sizes
//
// N tasks in tokio::time::sleep, for the differences between published figures and ours. SHAPE is
// what is spawned: `sleep` (the sleep itself, as in 2024), `block` (an async block that awaits it,
// as in 2023), `count` (an async block that counts itself first, as ours), or `join` (nothing is
// spawned: futures in one vector, polled by one task, as join_all). RUNTIME is `multi` or
// `current`. It does not end by itself. `sizes` prints the sizes of the futures.
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::sleep;

static COUNT: AtomicUsize = AtomicUsize::new(0);

fn pause() -> Duration {
    Duration::from_secs(1_000_000)
}

async fn block() {
    sleep(pause()).await;
}

async fn count() {
    COUNT.fetch_add(1, Ordering::Relaxed);
    sleep(pause()).await;
}

// Polls each once: then its timer is registered. The vector is never moved again.
struct PollOnce<'a, F>(&'a mut Vec<F>);

impl<F: Future> Future for PollOnce<'_, F> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context) -> Poll<()> {
        for future in self.0.iter_mut() {
            let _ = unsafe { Pin::new_unchecked(future) }.poll(context);
        }
        Poll::Ready(())
    }
}

async fn run(n: usize, shape: String) {
    let mut tasks = Vec::with_capacity(n);
    let mut joined = Vec::new();
    for _ in 0..n {
        match shape.as_str() {
            "sleep" => tasks.push(tokio::spawn(sleep(pause()))),
            "block" => tasks.push(tokio::spawn(block())),
            "count" => tasks.push(tokio::spawn(count())),
            _ => {
                joined.reserve_exact(n - joined.len());
                joined.push(sleep(pause()));
            }
        }
    }
    PollOnce(&mut joined).await;
    sleep(Duration::from_secs(1)).await;
    println!("ready {n}");
    sleep(pause()).await;
}

fn sizes() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    let _inside = runtime.enter();
    println!(
        "futures: sleep {}, block {}, count {}",
        std::mem::size_of_val(&sleep(pause())),
        std::mem::size_of_val(&block()),
        std::mem::size_of_val(&count())
    );
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args[1] == "sizes" {
        sizes();
        return;
    }
    let n = args[1].parse().unwrap();
    let mut builder = match args[3].as_str() {
        "multi" => tokio::runtime::Builder::new_multi_thread(),
        _ => tokio::runtime::Builder::new_current_thread(),
    };
    let runtime = builder.enable_time().build().unwrap();
    runtime.block_on(run(n, args[2].clone()));
}
