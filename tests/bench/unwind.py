#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A user stack by depth, with frame pointers and without; making the tables of python3 and of a whole FastAPI, and their memory."""
import os
import statistics
import subprocess
import time

from bench import Bench, spread
from bpf import statistics_on
from harness import BUILD, Load, start, uvicorn

FRAME_NS = 150
STACK_NS = 17000
TABLES_MS = 80
DEPTHS = (10, 40, 120)


def sample(pid, seconds):
    """What tests/unwind/sample says, as numbers."""
    out = subprocess.run([f"{BUILD}/tests/unwind/sample", str(pid), str(seconds), "1997"], check=True, capture_output=True, text=True).stdout
    return {key: int(value) for key, _, value in (word.partition("=") for word in out.split())}


def at_depth(bench, program, depth):
    """ns of one sample of a program that stands so deep: the median of some windows."""
    child = start([f"{BUILD}/tests/servers/{program}", str(depth)], stdout=subprocess.PIPE, text=True)
    child.stdout.readline()
    found = []
    for _ in range(bench.pick(7, 2)):
        s = sample(child.pid, bench.pick(1.0, 0.3))
        if s["complete"] != s["stacks"] or s["frames"] < s["stacks"] * depth:
            raise ValueError(f"{program} at depth {depth}: {s}")
        found.append(s["run_ns"] / s["runs"])
    child.kill()
    child.wait()
    bench.raw(f"{program}, depth {depth}: {spread(found)} ns a sample")
    return statistics.median(found)


def frames(bench):
    for program, how in ("depth", "frame pointers"), ("depth-cfi", "CFI"):
        ns = [at_depth(bench, program, depth) for depth in DEPTHS]
        a_frame = (ns[2] - ns[1]) / (DEPTHS[2] - DEPTHS[1])
        bench.row(f"a frame by {how} = (ns at depth 120 − ns at depth 40) / 80", f"≤ {FRAME_NS} ns", f"{a_frame:.0f} ns", a_frame <= FRAME_NS)
        bench.row(f"a sample by {how} at depths {', '.join(map(str, DEPTHS))}", "—", f"{', '.join(f'{x:.0f}' for x in ns)} ns")


def tables(bench, name, command):
    """The tables of a program made and pushed, by one process and thread."""
    found = []
    for _ in range(bench.pick(7, 2)):
        child = start(command, stdout=subprocess.PIPE, text=True)
        child.stdout.readline()
        s = sample(child.pid, 0.05)
        child.kill()
        child.wait()
        found.append(s["tables_ns"] / 1e6)
    bench.row(f"tables of {name}: {s['executables']} executables, {s['rows']} rows", f"≤ {TABLES_MS} ms", f"{spread(found)} ms",
              statistics.median(found) <= TABLES_MS)
    bench.row(f"memory of these tables: in use, and taken in pieces of 1 MB ({s['bytes_used'] / s['rows']:.1f} bytes a row)", "—",
              f"{s['bytes_used'] / 1e6:.2f} MB, {s['bytes_reserved'] / 1e6:.1f} MB")


def fastapi(bench):
    """A whole stack of a busy server."""
    server = uvicorn()
    found, depth = [], []
    with Load(server.port, "/hello", clients=4):
        time.sleep(0.5)
        for _ in range(bench.pick(5, 1)):
            s = sample(server.pid, bench.pick(2.0, 0.5))
            found.append(s["run_ns"] / s["runs"] * s["runs"] / s["stacks"])
            depth.append(s["frames"] / s["stacks"])
    bench.row(f"a whole FastAPI stack ({statistics.mean(depth):.0f} frames)", f"≤ {STACK_NS} ns", f"{spread(found)} ns",
              statistics.median(found) <= STACK_NS)
    bench.row(f"tables of it: {s['executables']} executables, {s['rows']} rows", "—",
              f"{s['tables_ns'] / 1e6:.0f} ms, {s['bytes_used'] / 1e6:.2f} MB")


def main():
    bench = Bench(__doc__)
    with statistics_on():
        frames(bench)
        tables(bench, "python3 and its libraries", ["/usr/bin/python3", "-c", "import json\nprint(1, flush=True)\nwhile True: json.dumps([1])"])
        fastapi(bench)


if __name__ == "__main__":
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    main()
