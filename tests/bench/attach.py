#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""From the start of reqprof to the line that tells which request to send, on a uvicorn that runs already."""
import re
import signal
import statistics
import subprocess
import time

from bench import Bench, spread
from harness import PATIENCE, REQPROF, scratch, start, uvicorn

BUDGET_MS = 500


def attach(server):
    """(ms to the line, ms of it that reqprof says it attached for)"""
    begin = time.monotonic()
    child = start([REQPROF, "record", "--pid", server.pid, "-v", "-o", scratch("reports")],
                  stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True)
    seen = []
    for line in child.stderr:
        seen.append(line)
        if line.startswith("curl "):
            break
    took = (time.monotonic() - begin) * 1e3
    told = re.search(r"^attached in (\d+) ms", "".join(seen), re.M)
    if not told or not seen[-1].startswith("curl "):
        raise ChildProcessError(f"reqprof did not attach: {seen}")
    child.send_signal(signal.SIGINT)
    child.communicate(timeout=PATIENCE)
    return took, int(told[1])


def main():
    bench = Bench(__doc__)
    server = uvicorn()
    found = []
    for _ in range(bench.pick(9, 3)):
        took, told = attach(server)
        found.append(took)
        bench.raw(f"{took:.0f} ms: {told} to load, verify and attach the programs, {took - told:.0f} before and after")
    bench.row("attach to a running uvicorn, until it says what to send", f"≤ {BUDGET_MS} ms", f"{spread(found)} ms",
              statistics.median(found) <= BUDGET_MS)


if __name__ == "__main__":
    main()
