// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//! The same in Rust: &str in two registers, a String behind a reference.
use std::io::BufRead;

/// std::hint::black_box of Rust 1.66, for older ones.
fn black_box<T>(value: T) -> T {
    let kept = std::mem::ManuallyDrop::new(value);

    unsafe { std::ptr::read_volatile(&*kept) }
}

pub struct Request {
    pub number: u64,
    pub path: String,
}

#[inline(never)]
pub fn by_str(path: &str) -> u64 {
    black_box(path);
    black_box(209)
}

#[inline(never)]
pub fn by_string(request: &Request) -> u64 {
    black_box(request.number);
    black_box(210)
}

fn main() {
    for line in std::io::stdin().lock().lines() {
        let request = Request { number: 1, path: line.unwrap() };
        let status = if request.path.starts_with("/str") { by_str(&request.path) } else { by_string(&request) };
        println!("{status}");
    }
}
