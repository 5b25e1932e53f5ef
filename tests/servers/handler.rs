// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//! The same in Rust: &str in two registers, a String behind a reference.
use std::io::BufRead;

pub struct Request {
    pub number: u64,
    pub path: String,
}

#[inline(never)]
pub fn by_str(path: &str) -> u64 {
    std::hint::black_box(path);
    std::hint::black_box(209)
}

#[inline(never)]
pub fn by_string(request: &Request) -> u64 {
    std::hint::black_box(request.number);
    std::hint::black_box(210)
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let request = Request { number: 1, path: line.unwrap() };
        let status = if request.path.starts_with("/str") { by_str(&request.path) } else { by_string(&request) };
        println!("{status}");
    }
}
