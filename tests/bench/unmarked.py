#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The time in BPF programs for an unmarked request of nginx, by the size of its head: the whole machine's, the client's part included."""
import statistics

from bench import Bench, spread
from harness import Recording, nginx
from load import counted, still_records

SMALL, LARGE = 128, 1024
SIZES = (0, SMALL, 512, LARGE)      # 0: wrk's own head
BUDGET_NS, BUDGET_BYTE_NS = 250, 0.3


def measure(bench):
    """ns by size, each from several windows, interleaved."""
    server = nginx()
    found = {size: [] for size in SIZES}
    with Recording("--pid", server.pid) as r:
        for _ in range(bench.pick(5, 1)):
            for size in SIZES:
                w = counted(r, server, "/hello", bench.pick(3, 1), size)
                found[size].append(w.bpf_ns)
                bench.raw(f"head of {size or 'wrk'}: {w.bpf_ns:.0f} ns a request, {w.rate:.0f} requests/s: {w.parts}")
        still_records(r, server, "/hello")
    return found


def main():
    bench = Bench(__doc__)
    found = measure(bench)
    small = statistics.median(found[SMALL])
    slope = (statistics.median(found[LARGE]) - small) / (LARGE - SMALL)
    bench.row(f"BPF time of an unmarked nginx request, head of {SMALL} B", f"≤ {BUDGET_NS} ns", f"{spread(found[SMALL])} ns",
              small <= BUDGET_NS)
    bench.row(f"the same, each byte more, up to {LARGE} B", f"≤ {BUDGET_BYTE_NS} ns", f"{slope:.2f} ns", slope <= BUDGET_BYTE_NS)


if __name__ == "__main__":
    main()
