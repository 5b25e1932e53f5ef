#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From the end of a response to its report on the disk: a request that computes for 1 s, sampled every ms, its symbols read before."""
import os
import statistics
import time

from bench import Bench, spread
from harness import PATIENCE, Recording, connection, fetch, uvicorn

BUDGET_MS = 150
WARM = 2
PATH = "/cpu/1000?profile=1"


def report_after(recording, c):
    """Milliseconds until the report's line is printed, which comes when all files of the report are there."""
    lines = recording.reports.lines
    n = len(lines)
    fetch(c, PATH)
    end = time.monotonic()
    while len(lines) == n:
        if time.monotonic() > end + PATIENCE:
            raise TimeoutError(f"no report (log: {recording.log.lines})")
        time.sleep(0.0005)
    took = (time.monotonic() - end) * 1e3
    path = lines[n].split("→ ")[1]
    return took, os.path.getsize(path)


def main():
    bench = Bench(__doc__)
    server = uvicorn()
    found = []
    with Recording("--pid", server.pid, formats=("html",)) as r, connection(server.port) as c:
        for i in range(WARM + bench.pick(10, 2)):
            took, size = report_after(r, c)
            bench.raw(f"{'warming' if i < WARM else 'warm'}: {took:.1f} ms, {size} bytes of HTML")
            if i >= WARM:
                found.append(took)
    bench.row("report on disk after the response (1 s of CPU, every 1 ms)", f"≤ {BUDGET_MS} ms", f"{spread(found)} ms",
              statistics.median(found) <= BUDGET_MS)


if __name__ == "__main__":
    main()
