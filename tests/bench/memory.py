#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Memory of reqprof's two processes (proportional set size), attached to a uvicorn; beside it the kernel's for its BPF maps."""
import re
import time

from bench import Bench
from bpf import map_bytes
from harness import Recording, uvicorn
from load import descendants

BUDGET_MB = 40
REPORTS = 10


def pss_mb(pid):
    with open(f"/proc/{pid}/smaps_rollup", encoding="ascii") as f:
        return int(re.search(r"^Pss:\s+(\d+) kB", f.read(), re.M)[1]) * 1024 / 1e6


def total(bench, recording, when):
    """Of all processes, in MB."""
    pids = descendants(recording.process.pid)
    if len(pids) != 3:
        raise AssertionError(f"reqprof should be three processes: {pids}")
    found = [pss_mb(pid) for pid in pids]
    bench.raw(f"{when}: tracer {found[0]:.1f} MB, worker {found[1]:.1f} MB, names {found[2]:.1f} MB")
    return sum(found)


def main():
    bench = Bench(__doc__)
    server = uvicorn()
    with Recording("--pid", server.pid, formats=("html",)) as r:
        time.sleep(bench.pick(5, 1))
        idle, maps = total(bench, r, "idle"), map_bytes(r.process.pid) / 1e6
        for n in range(REPORTS):
            server.get("/cpu/200?profile=1")
            r.wait_reports(n + 1)
        later = total(bench, r, f"after {REPORTS} reports")
    bench.row("memory of its processes, idle, attached", f"≤ {BUDGET_MB} MB", f"{idle:.1f} MB; BPF maps {maps:.1f} MB", idle <= BUDGET_MB)
    bench.row(f"the same after {REPORTS} reports", "—", f"{later:.1f} MB")


if __name__ == "__main__":
    main()
