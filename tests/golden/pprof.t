#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Exports in Go's pprof: what it sums up is what the report says."""
import json
import os
import re
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import equal, main, none, ok

RENDER = os.environ.get("RENDER", f"{ROOT}/build/golden/render")
GO = os.environ.get("GO", "/usr/bin/go")  # of the distribution: newer ones compile pprof first
UNITS = {"ns": 1, "us": 1000, "ms": 1000000, "s": 1000000000}


def render(*args):
    return subprocess.run([RENDER, *args], capture_output=True, timeout=120, check=True).stdout


def fixtures():
    return sorted({line.split()[0] for line in render().decode().splitlines()})


def report_of(fixture):
    return json.loads(render(fixture, "json"))


def pprof(fixture, *args):
    with tempfile.TemporaryDirectory() as directory:
        with open(f"{directory}/profile.pb.gz", "wb") as f:
            f.write(render(fixture, "pprof"))
        env = {"PATH": os.environ["PATH"], "HOME": directory, "PPROF_TMPDIR": directory, "LC_ALL": "C.UTF-8"}
        p = subprocess.run([GO, "tool", "pprof", "-symbolize=none", *args, f.name], env=env, capture_output=True, timeout=120, check=True)
        return p.stdout.decode()


def raw_samples(text):
    """The values of each sample, of -raw."""
    body = text.split("Samples:\n")[1].split("Locations\n")[0].splitlines()
    return body[0].split(), [[int(v) for v in line.split(":")[0].split()] for line in body[1:] if re.match(r"\s+\d+\s+\d+\s+\d+", line)]


def totals():
    for fixture in fixtures():
        report, (types, samples) = report_of(fixture), raw_samples(pprof(fixture, "-raw"))
        waits, awaits = report["waits"], report["awaits"]
        equal(types, ["samples/count", "cpu/nanoseconds[dflt]", "wait/nanoseconds", "await/nanoseconds"], f"{fixture}: types of values")
        equal([sum(s[i] for s in samples) for i in range(4)],
              [report["about"]["ticks"], sum(report["samples"]["weight_ns"]), sum(w["duration_ns"] + w["runnable_ns"] for w in waits),
               sum(a["suspended_ns"] for a in awaits)], f"{fixture}: all of its time")


def flat(fixture, *args):
    """Of -top: nanoseconds in each function itself."""
    found = {}
    for line in pprof(fixture, "-top", "-unit=ns", *args).splitlines():
        if m := re.match(r"\s*([\d.]+)(ns)?\s+[\d.]+%\s+[\d.]+%\s+[\d.]+(?:ns)?\s+[\d.]+%\s+(.*)", line):
            found[m[3]] = int(float(m[1]))
    return found


def functions():
    report = report_of("orders")
    leaf = {}
    for stack, ns in zip(report["samples"]["stack"], report["samples"]["weight_ns"]):
        name = report["frames"][report["stacks"][stack][1]]["function"]
        leaf[name] = leaf.get(name, 0) + ns
    got = flat("orders")
    equal({name: ns for name, ns in got.items() if ns}, leaf, "orders: each function's own time")
    equal(got["list_orders"], 300000, "orders: a known one")


def labels():
    got = flat("orders", "-sample_index=wait", "-tagleaf=object")
    equal(got["127.0.0.1:5432"], 47700000, "orders: what was waited for")
    got = flat("coroutines", "-sample_index=await", "-tagroot=task", "-tagleaf=class")
    equal([got["network"], got["sleep"]], [38000000, 10000000], "coroutines: what was awaited")
    text = pprof("orders", "-tags")
    none([t for t in ("AnyIO worker thread", "cpu_user", "cpu_kernel", "4251") if t not in text], "orders: threads and classes are labels")
    none([t for t in ("RequestResponseCycle.run_asgi",) if t not in pprof("coroutines", "-sample_index=await", "-tags")], "coroutines: tasks, too")


def places():
    text = pprof("shop", "-raw")
    mappings = text.split("Mappings\n")[1]
    ok(re.search(r"/opt/shop/bin/shop 8d1f0a61c07f4f0fa9e8a1b7d7b7e3c5b0c2f2aa ?\[FN\]", mappings), "shop: its program, with build-id", mappings)
    ok("checkout src/cart.c:94" in text, "shop: functions with file and line", text)
    ok(pprof("shop", "-top").startswith("File: shop\n"), "shop: pprof shows the program's name")


def comments():
    text = pprof("orders", "-comments")
    ok("GET /orders" in text and "Not in this file" in text and "4 stacks truncated" in text, "it says what is left out and what was lost", text)


if __name__ == "__main__":
    main(totals, functions, labels, places, comments)
