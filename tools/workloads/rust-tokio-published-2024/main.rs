// SPDX-License-Identifier: GPL-2.0-only
//
// published N
//
// What the program measured in 2024 (RESULTS.md, "As published") does, and nothing more: one task
// is one tokio::spawn of a tokio::time::sleep of 10 seconds, without an async block around it, on
// the multi-threaded runtime with all features of tokio. The handles' list has the right size.
// It prints nothing, so it is weighed at its peak.
use std::time::Duration;

#[tokio::main]
async fn main() {
    let count = std::env::args().nth(1).unwrap().parse().unwrap();
    let sleepers: Vec<_> = (0..count)
        .map(|_| tokio::spawn(tokio::time::sleep(Duration::from_secs(10))))
        .collect();
    for sleeper in sleepers {
        sleeper.await.unwrap();
    }
}
