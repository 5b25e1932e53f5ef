#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a browser takes to open a report of 100,000 samples and 200,000 waits, and to show its tabs."""
import json
import os
import statistics
import subprocess

from bench import Bench, spread

SAMPLES, WAITS = 100000, 200000
OPEN_MS = 1000
SCRIPT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "page.js")
NAMES = {"functions": "the functions", "waits": "the waits", "flame": "the flame graph", "timeline": "the timeline", "tree": "the call tree again",
         "range": "a sixth of its time", "search": "a search"}


def main():
    bench = Bench(__doc__)
    out = subprocess.run(["node", SCRIPT, str(bench.pick(5, 2)), str(SAMPLES), str(WAITS)], stdout=subprocess.PIPE, text=True, check=False).stdout
    runs = [json.loads(line) for line in out.splitlines() if line.startswith("{")]
    if not runs:
        raise RuntimeError(f"no measurement:\n{out}")
    for run in runs:
        bench.raw(json.dumps(run))
    opened = [run["open"] for run in runs]
    bench.row(f"a report of {SAMPLES:,} samples and {WAITS:,} waits opens", f"≤ {OPEN_MS} ms", f"{spread(opened)} ms",
              statistics.median(opened) <= OPEN_MS)
    bench.row("its page", "", f"{runs[0]['bytes'] / 1e6:.1f} MB", True)
    for name, what in NAMES.items():
        bench.row(f"then {what}", "", f"{spread([run[name] for run in runs])} ms", True)


if __name__ == "__main__":
    main()
