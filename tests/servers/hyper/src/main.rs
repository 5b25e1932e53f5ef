// SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
//! A server on hyper and tokio, whose handler is an async fn: /cpu:MS computes by its thread's clock, /sleep:MS awaits a timer.
use hyper::service::{make_service_fn, service_fn};
use hyper::{Body, Request, Response, Server};
use std::convert::Infallible;
use std::future::Future;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

#[repr(C)]
struct Timespec {
    seconds: i64,
    nanoseconds: i64,
}

extern "C" {
    fn clock_gettime(clock: i32, time: *mut Timespec) -> i32;
}

const CLOCK_THREAD_CPUTIME_ID: i32 = 3;

fn thread_time() -> Duration {
    let mut t = Timespec { seconds: 0, nanoseconds: 0 };

    unsafe { clock_gettime(CLOCK_THREAD_CPUTIME_ID, &mut t) };
    Duration::new(t.seconds as u64, t.nanoseconds as u32)
}

static COMPUTED: AtomicU64 = AtomicU64::new(0);

#[inline(never)]
fn compute(ms: u64) {
    let end = thread_time() + Duration::from_millis(ms);

    while thread_time() < end {
        for i in 0..1000 {
            COMPUTED.store(i, Ordering::Relaxed);
        }
    }
}

/// What follows a word in the path: 60 in /cpu:60/sleep:20.
fn wish(path: &str, word: &str) -> u64 {
    path.split('/').find_map(|part| part.strip_prefix(word)?.parse().ok()).unwrap_or(0)
}

/// The work up to the first await.
#[inline(never)]
fn begin(request: &Request<Body>) {
    compute(wish(request.uri().path(), "cpu:"));
}

type Answer = Result<Response<Body>, Infallible>;

async fn handle(request: Request<Body>) -> Answer {
    begin(&request);

    let sleep = wish(request.uri().path(), "sleep:");

    if sleep > 0 {
        tokio::time::sleep(Duration::from_millis(sleep)).await;
    }
    Ok(Response::builder().status(201).body(Body::from("done\n")).unwrap())
}

/// Behind a pointer, as frameworks have their handlers.
fn boxed(request: Request<Body>) -> Pin<Box<dyn Future<Output = Answer> + Send>> {
    Box::pin(handle(request))
}

#[tokio::main(worker_threads = 2)]
async fn main() {
    let service = make_service_fn(|_| async { Ok::<_, Infallible>(service_fn(boxed)) });
    let server = Server::bind(&([127, 0, 0, 1], 0).into()).serve(service);

    println!("port {}", server.local_addr().port());
    server.await.unwrap();
}
