// SPDX-License-Identifier: GPL-2.0-only
//
// threads N SHAPE [sizes]
//
// N threads in thread::sleep, for the difference between the published figure and ours. SHAPE is
// `plain` (as in 2023) or `count` (as ours: each counts itself, and knows main's handle). With
// `plain-nosignal` a handler of SIGSEGV is there before Rust's own, so that Rust makes no signal
// stacks. With `sizes` it prints how much of the threads' mappings is in memory, by the
// mappings' size, and ends.
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

static COUNT: AtomicUsize = AtomicUsize::new(0);

extern "C" {
    fn signal(number: i32, handler: usize) -> usize;
}
extern "C" fn ignore(_: i32) {}

// Runs before main(), and before Rust's runtime looks whether there is a handler.
extern "C" fn early(count: i32, args: *const *const u8) {
    if count < 3 {
        return;
    }
    let shape = unsafe { std::ffi::CStr::from_ptr((*args.add(2)).cast()) };
    if shape.to_bytes() == b"plain-nosignal" {
        unsafe { signal(11, ignore as *const () as usize) };
        unsafe { signal(7, ignore as *const () as usize) };
    }
}
#[used]
#[link_section = ".init_array"]
static EARLY: extern "C" fn(i32, *const *const u8) = early;

/// Mappings by size, in KiB: how many, and KiB of them in memory.
fn mappings() -> BTreeMap<u64, (u64, u64)> {
    let (mut sizes, mut size) = (BTreeMap::new(), 0);
    for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
        let number = || line.split_whitespace().nth(1).unwrap().parse::<u64>().unwrap();
        if line.starts_with("Size:") {
            size = number();
        } else if line.starts_with("Rss:") {
            let of = sizes.entry(size).or_insert((0, 0));
            *of = (of.0 + 1, of.1 + number());
        }
    }
    sizes
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    let n: usize = args[1].parse().unwrap();
    let count = args[2] == "count";
    let main = thread::current();
    let mut threads = Vec::with_capacity(n);
    for _ in 0..n {
        let main = main.clone();
        threads.push(if count {
            thread::spawn(move || {
                if COUNT.fetch_add(1, Ordering::Relaxed) + 1 == n {
                    main.unpark();
                }
                thread::sleep(Duration::from_secs(1_000_000));
            })
        } else {
            thread::spawn(|| thread::sleep(Duration::from_secs(1_000_000)))
        });
    }
    thread::sleep(Duration::from_secs(1));
    if args.len() > 3 {
        for (size, (number, rss)) in mappings() {
            if number >= n as u64 / 2 {
                let each = rss as f64 / number as f64;
                println!("{number} mappings of {size} KiB: {each} KiB each in memory");
            }
        }
        std::process::exit(0);
    }
    println!("ready {n}");
    for thread in threads {
        thread.join().unwrap();
    }
}
