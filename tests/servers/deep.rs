// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
// deep: Rust that never ends, for stacks: closures, recursion, dynamic dispatch, panics caught by catch_unwind, sorting with a key, hash maps, and
// a second thread that waits on a channel.
use std::collections::HashMap;
use std::fmt::Write;
use std::io::Write as _;
use std::panic;
use std::sync::mpsc;
use std::thread;

/// std::hint::black_box of Rust 1.66, for older ones.
fn black_box<T>(value: T) -> T {
    let kept = std::mem::ManuallyDrop::new(value);

    unsafe { std::ptr::read_volatile(&*kept) }
}

#[inline(never)]
fn spin(mut x: u64, rounds: u64) -> u64 {
    for i in 0..rounds {
        x = black_box(x).wrapping_mul(6364136223846793005).wrapping_add(i);
    }
    x
}

trait Shape {
    fn value(&self, depth: u64) -> u64;
}

struct Leaf(u64);
struct Pair(Box<dyn Shape>, Box<dyn Shape>);

impl Shape for Leaf {
    #[inline(never)]
    fn value(&self, depth: u64) -> u64 {
        spin(self.0, 300 + depth)
    }
}

impl Shape for Pair {
    #[inline(never)]
    fn value(&self, depth: u64) -> u64 {
        self.0.value(depth + 1) ^ self.1.value(depth + 1)
    }
}

fn tree(depth: u64) -> Box<dyn Shape> {
    if depth == 0 {
        Box::new(Leaf(depth))
    } else {
        Box::new(Pair(tree(depth - 1), tree(depth - 1)))
    }
}

struct Guard<'a>(&'a mut u64);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        *self.0 = spin(*self.0, 50);
    }
}

#[inline(never)]
fn panics(depth: u64, count: &mut u64) -> u64 {
    let g = Guard(count);
    if depth == 0 {
        panic::panic_any(*g.0);
    }
    let r = panics(depth - 1, g.0);
    r + *g.0
}

#[inline(never)]
fn caught(depth: u64) -> u64 {
    let r = panic::catch_unwind(|| {
        let mut count = depth;
        panics(depth, &mut count)
    });
    r.unwrap_or_else(|e| *e.downcast_ref::<u64>().unwrap_or(&0))
}

#[inline(never)]
fn closures(depth: u64, f: &dyn Fn(u64) -> u64) -> u64 {
    if depth == 0 {
        return f(2000);
    }
    closures(depth - 1, &|n| f(n) ^ depth) + 1
}

#[inline(never)]
fn large(depth: usize) -> u64 {
    let mut room = [0u8; 9000];
    black_box(&mut room)[depth] = depth as u8;
    if depth == 0 {
        spin(room[1] as u64, 3000)
    } else {
        large(depth - 1) + black_box(&room)[depth] as u64
    }
}

#[inline(never)]
fn sorted(n: u64) -> u64 {
    let mut v: Vec<u64> = (0..n).map(|i| spin(i, 3)).collect();
    v.sort_by_key(|x| spin(*x, 5));
    v.sort_unstable_by(|a, b| (a ^ 0x55).cmp(&(b ^ 0x55)));
    v[0]
}

#[inline(never)]
fn strings(n: u64) -> u64 {
    let mut m = HashMap::new();
    for i in 0..n {
        let mut text = String::new();
        let _ = write!(text, "{} {:.3}", i, i as f64 / 7.0);
        m.insert(format!("key {}", i * 7919 % n), text);
    }
    m.len() as u64
}

fn main() {
    let (sender, receiver) = mpsc::sync_channel::<u64>(1);
    let root = tree(6);

    panic::set_hook(Box::new(|_| {}));
    thread::spawn(move || {
        for n in receiver {
            black_box(caught(n % 10) + closures(5, &|x| spin(x, x)));
        }
    });
    println!("ready");
    let _ = std::io::stdout().flush();
    for n in 0.. {
        black_box(root.value(0) + caught(30) + closures(40, &|x| spin(x, x)) + large(20) + sorted(500) + strings(200));
        let _ = sender.try_send(n);
    }
}
