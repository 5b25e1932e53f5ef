#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames per second while a person pans through a report of 100,000 samples and 200,000 waits, in Chromium without a graphics processor."""
import json
import os
import subprocess

from bench import Bench

HERE = os.path.dirname(os.path.abspath(__file__))
SAMPLES, WAITS = 100000, 200000
BUDGET = 30


def main():
    bench = Bench(__doc__)
    command = ["node", f"{HERE}/panning.js", str(SAMPLES), str(WAITS), str(bench.pick(5, 1))]
    lines = subprocess.run(command, check=True, capture_output=True, text=True).stdout.splitlines()
    for line in lines:
        if not line.startswith("{"):
            continue
        bench.raw(line)
        seen = json.loads(line)
        what = f"panning the {seen['tab']}, {'near' if seen['turns'] > 10 else 'far'}: {SAMPLES:,} samples, {WAITS:,} waits"
        measured = f"{seen['perSecond']:.0f} frames a second (a frame: {seen['median']:.0f} ms, 1 of 100 over {seen['worst']:.0f} ms)"
        bench.row(what, f"≥ {BUDGET} frames a second", measured, seen["perSecond"] >= BUDGET)


if __name__ == "__main__":
    main()
