// SPDX-License-Identifier: GPL-2.0-only
//
// rust-tokio-connect N SECONDS HOST:PORT
//
// One task is one future spawned with tokio::spawn that reads from a TcpStream of its
// own, which it opened. The N connections go to 127.0.0.1 … 127.0.0.8 in turn, because
// one address has only so many local ports. SECONDS count from `ready`.
use std::net::{Ipv4Addr, SocketAddr};
use std::process::exit;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::Mutex;
use std::time::Duration;
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::sync::oneshot;

static N: AtomicUsize = AtomicUsize::new(0);
static PARKED: AtomicUsize = AtomicUsize::new(0);
static READY: Mutex<Option<oneshot::Sender<()>>> = Mutex::new(None);

fn arguments() -> Option<(usize, Duration, u16)> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [n, seconds, peer] = <[String; 3]>::try_from(args).ok()?;
    let n = n.parse().ok().filter(|n| *n <= 100_000_000)?;
    let seconds = seconds.parse().ok().filter(|s| (0.0..1e9).contains(s))?;
    let peer: SocketAddr = peer.parse().ok()?;
    Some((n, Duration::from_secs_f64(seconds), peer.port()))
}

fn raise_open_files() {
    let mut limit = libc::rlimit { rlim_cur: 0, rlim_max: 0 };
    unsafe {
        libc::getrlimit(libc::RLIMIT_NOFILE, &mut limit);
        limit.rlim_cur = limit.rlim_max;
        libc::setrlimit(libc::RLIMIT_NOFILE, &limit);
    }
}

async fn task(address: SocketAddr) {
    let mut stream = TcpStream::connect(address).await.unwrap_or_else(|error| {
        // The lock is never given back: one message is enough.
        let _ready = READY.lock();
        let (parked, n) = (PARKED.load(Ordering::Relaxed), N.load(Ordering::Relaxed));
        eprintln!("stopped at {parked} of {n}: {error}");
        exit(3);
    });
    if PARKED.fetch_add(1, Ordering::Relaxed) + 1 == N.load(Ordering::Relaxed) {
        let ready = READY.lock().unwrap().take();
        let _ = ready.unwrap().send(());
    }
    let _ = stream.read_u8().await;
}

#[tokio::main]
async fn main() {
    let (n, pause, port) = arguments().unwrap_or_else(|| {
        eprintln!("usage: rust-tokio-connect N SECONDS HOST:PORT, N up to 100000000");
        exit(2);
    });
    raise_open_files();
    let (sender, ready) = oneshot::channel();
    *READY.lock().unwrap() = Some(sender);
    N.store(n, Ordering::Relaxed);
    let mut tasks = Vec::with_capacity(n);
    for i in 0..n {
        let host = Ipv4Addr::new(127, 0, 0, 1 + (i % 8) as u8);
        tasks.push(tokio::spawn(task((host, port).into())));
    }
    if n > 0 {
        ready.await.unwrap();
    }
    println!("ready {n}");
    let end = tokio::time::sleep(pause);
    let all = async {
        for task in tasks {
            task.await.unwrap();
        }
    };
    if n == 0 {
        return end.await;
    }
    tokio::select! {
        _ = end => {}
        _ = all => {}
    }
}
