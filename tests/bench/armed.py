#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From the marker's recognition in the kernel to the perf event that samples: as reqprof -v tells it, on an idle and on a busy machine."""
import contextlib
import re
import statistics
import time

from bench import Bench
from harness import Recording, connection, fetch, uvicorn
from load import busy

BUDGET_US = 100
PAUSE = 0.02            # between requests: everything is disarmed
TOLD = 0.3              # reqprof tells what it armed ten times a second


def latencies(bench, server):
    """Microseconds, one for each CPU that was armed for each request."""
    n = bench.pick(500, 40)
    with Recording("--pid", server.pid, options=("-v",)) as r:
        with connection(server.port) as c:
            for _ in range(n):
                fetch(c, "/cpu/2?profile=1")
                time.sleep(PAUSE)
        r.wait_reports(n)
        time.sleep(TOLD)
    found = sorted(float(x) for x in re.findall(r"^armed cpu \d+ after ([\d.]+) us", r.log.text, re.M))
    if len(found) < n / 2:
        raise AssertionError(f"{n} requests, but armed only {len(found)} times")
    return found


def main():
    bench = Bench(__doc__)
    server = uvicorn()
    for machine, load in ("idle", contextlib.nullcontext), ("with a busy loop on each CPU", busy):
        with load():
            found = latencies(bench, server)
        median, late = statistics.median(found), found[len(found) * 95 // 100]
        bench.raw(f"{machine}: {len(found)} times: least {found[0]}, median {median}, p95 {late}, greatest {found[-1]} us")
        bench.row(f"marker recognised to armed, {machine}", f"≤ {BUDGET_US} µs", f"{median:.0f} µs (p95 {late:.0f})", median <= BUDGET_US)


if __name__ == "__main__":
    main()
