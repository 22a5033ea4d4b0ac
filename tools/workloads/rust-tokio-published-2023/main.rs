// SPDX-License-Identifier: GPL-2.0-only
//
// published N
//
// What the program measured in 2023 (RESULTS.md, "As published") does, and nothing more: one task
// is one tokio::spawn of an async block that awaits tokio::time::sleep of 10 seconds, on the
// multi-threaded runtime with all features of tokio. The handles' list grows as they are added.
// It prints nothing, so it is weighed at its peak.
use std::time::Duration;
use tokio::{task, time};

#[tokio::main]
async fn main() {
    let count: usize = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut sleepers = Vec::new();
    for _ in 0..count {
        sleepers.push(task::spawn(async {
            time::sleep(Duration::from_secs(10)).await;
        }));
    }
    for sleeper in sleepers {
        sleeper.await.unwrap();
    }
}
