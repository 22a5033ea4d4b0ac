// SPDX-License-Identifier: GPL-2.0-only
//
// Functions that rustc puts into each other: iterators, closures, generics, a trait's.
use std::collections::{BTreeMap, HashMap};

mod depot {
    pub trait Weigh {
        fn weight(&self) -> usize;
        fn twice(&self) -> usize {
            self.weight() * 2
        }
    }
    #[derive(Clone)]
    pub struct Item<T> {
        pub what: T,
        pub name: String,
    }
    impl<T: Copy + Into<usize>> Weigh for Item<T> {
        #[inline(always)]
        fn weight(&self) -> usize {
            self.name.len() + self.what.into()
        }
    }
}
use depot::{Item, Weigh};

#[inline(never)]
fn work(n: usize) -> usize {
    let items: Vec<Item<u8>> = (0..n)
        .filter(|i| i % 3 != 0)
        .map(|i| Item { what: (i % 251) as u8, name: format!("item {}", i) })
        .collect();
    let mut by_name: BTreeMap<&str, usize> = BTreeMap::new();
    let mut by_weight: HashMap<usize, Vec<&Item<u8>>> = HashMap::new();
    for item in &items {
        *by_name.entry(&item.name[..5]).or_insert(0) += item.twice();
        by_weight.entry(item.weight()).or_default().push(item);
    }
    let mut sorted: Vec<_> = items.iter().map(|i| (i.weight(), i.name.as_bytes())).collect();
    sorted.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(b.1)));
    by_name.values().sum::<usize>() + by_weight.len() + sorted[0].0
}

fn main() {
    let n = std::thread::spawn(|| work(1000) + 1).join().unwrap();
    std::process::exit((n == 0) as i32);
}
