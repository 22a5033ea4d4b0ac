// SPDX-License-Identifier: GPL-2.0-only
//
// A program with a planted regression: "parse" or "index" keeps all that it makes.
use std::env;

static TEXT: [u8; 1000] = [b'x'; 1000];

#[inline(never)]
fn parse_rows(kept: &mut Vec<Vec<u8>>, leak: bool) {
    for i in 0..30_000 {
        if leak || i < 100 {
            kept.push(TEXT.to_vec());
        }
    }
}

#[inline(never)]
fn build_index(kept: &mut Vec<Vec<u8>>, leak: bool) {
    for i in 0..30_000 {
        if leak || i < 100 {
            kept.push(TEXT[i % 8..].to_vec());
        }
    }
}

fn main() {
    let leak = env::args().nth(1).unwrap_or_default();
    let mut kept = Vec::new();
    parse_rows(&mut kept, leak == "parse");
    build_index(&mut kept, leak == "index");
    println!("{}", kept.len());
}
