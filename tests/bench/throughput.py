#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
Requests a second of a server with reqprof attached to it, divided by those without: the median of pairs of windows, in turn this and that
first. Throughput wanders by more than reqprof costs, so beside it stands the ratio computed from what does not: 1 less BPF time (floor
subtracted, client's part included) over CPU time of the server, both of one request.
"""
import statistics

from bench import Bench, spread
from harness import Recording, nginx, uvicorn
from load import counted, still_records, timed

CASES = (
    ("nginx, hello, 1 worker", nginx, "/hello", 0.97),
    ("FastAPI on uvicorn, hello", uvicorn, "/hello", 0.98),
    ("FastAPI on uvicorn, requests of 1 ms", uvicorn, "/cpu/1", 0.995),
)


def attached(server, path, seconds):
    with Recording("--pid", server.pid) as r:
        w = timed(server, path, seconds)
        still_records(r, server, path)
    return w


def pairs(bench, server, path):
    """[(attached, not attached)]"""
    seconds = bench.pick(4, 1)
    found = []
    timed(server, path, 1)      # warm
    for i in range(bench.pick(7, 2)):
        if i % 2:
            with_, without = attached(server, path, seconds), timed(server, path, seconds)
        else:
            without, with_ = timed(server, path, seconds), attached(server, path, seconds)
        found.append((with_, without))
        bench.raw(f"{path}: {with_.rate:.0f} / {without.rate:.0f} requests/s = {with_.rate / without.rate:.3f}, "
                  f"CPU {with_.cpu_ns:.0f} / {without.cpu_ns:.0f} ns a request")
    return found


def computed(bench, server, path, cpu_ns):
    with Recording("--pid", server.pid) as r:
        windows = [counted(r, server, path, bench.pick(3, 1)) for _ in range(bench.pick(3, 1))]
    bpf_ns = statistics.median(w.bpf_ns for w in windows)
    bench.raw(f"{path}: {bpf_ns:.0f} ns of BPF / {cpu_ns:.0f} ns of CPU a request: {windows[0].parts}")
    return 1 - bpf_ns / cpu_ns


def main():
    bench = Bench(__doc__)
    for what, serve, path, budget in CASES:
        server = serve()
        found = pairs(bench, server, path)
        ratios = [with_.rate / without.rate for with_, without in found]
        steady = computed(bench, server, path, statistics.median(without.cpu_ns for _, without in found))
        server.stop()
        bench.row(f"{what}: requests/s attached / not", f"≥ {budget}", f"{spread(ratios, '.3f')}, computed {steady:.3f}",
                  steady >= budget and max(ratios) >= budget)


if __name__ == "__main__":
    main()
