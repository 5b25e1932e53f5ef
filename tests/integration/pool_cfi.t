#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The thread pool compiled without frame pointers, at work 120 frames deep: shares, and stacks that are whole. Needs root."""
import json
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, connection, cpu_of, cpu_total, fetch, functions, modules, pool, waits_of
from tap import equal, main, none, ok, within

POINTS = 2                      # percentage points that a share may be off
DEPTH = 120
LEVELS = {"level_small", "level_large", "level_sized"}
COMPUTING = ["compute_a", "compute_b", "compute_c"]

CPU = [f"/do/deep:{DEPTH}/a:60/b:30/c:10", f"/do/deep:{DEPTH}/b:50/a:20/b:30", f"/do/deep:{DEPTH}/c:5/a:5/c:5/a:5/c:5/a:5/c:35/a:35"]
WAITS = {f"/do/deep:{DEPTH}/sleep:30": "sleep", f"/do/deep:{DEPTH}/lock:30": "lock", f"/do/deep:{DEPTH}/pipe:30": "ipc"}
REPEAT = 3
recorded = {}                   # path → [(truth, report)]


def record():
    server = pool(program="pool-cfi")
    paths = [path for path in [*CPU, *WAITS] for _ in range(REPEAT)]
    truths = []
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/do/deep:40/other:1", clients=8, pause=0.01), connection(server.port) as c:
            for path in paths:
                status, body = fetch(c, f"{path}?profile=1")
                assert status == 200, (path, status)
                truths.append(json.loads(body))
            r.wait_reports(len(paths))
    reports = r.json()
    equal(len(reports), len(paths), "a report for each marked request")
    for path, truth, report in zip(paths, truths, reports):
        recorded.setdefault(path, []).append((truth, report))


def each():
    return [(path, truth, report) for path, all_of_it in recorded.items() for truth, report in all_of_it]


def used_stacks(report):
    """Those of samples and waits."""
    return set(report["samples"]["stack"]) | {w["stack"] for w in report["waits"]}


def without_stack(report):
    """−1 stands for one that could not be had."""
    s = report["samples"]
    return [sample for sample in zip(s["t"], s["weight_ns"], s["stack"]) if sample[2] < 0] + [w for w in report["waits"] if w["stack"] < 0]


def shares():
    for path in CPU:
        for function in COMPUTING:
            expected, got = [], []
            for truth, report in recorded[path]:
                op = sum(o["cpu_ns"] for o in truth["ops"] if f"compute_{o['op']}" == function)
                expected.append(100 * op / truth["cpu_ns"])
                got.append(100 * cpu_of(report, function) / cpu_total(report))
            within(round(statistics.mean(got), 2), round(statistics.mean(expected), 2), POINTS, f"{path}: the share of {function}")


def begins(report, stack):
    """What is wrong with the outer end of a stack: the workers' function, called by the C library's two that begin a thread."""
    names, files = functions(report, stack), modules(report, stack)
    good = len(names) > 3 and names[-3] == "work" and all(f and f.startswith("libc.so") for f in files[-2:])
    return None if good else f"{len(names)} frames, the outermost {list(zip(names, files))[-5:]}"


def whole():
    none([f"{path}: {r['lost']}" for path, _, r in each() if r["lost"]["stacks_truncated"]], "no stack is truncated")
    none([f"{path}: {r['lost']}" for path, _, r in each() if r["lost"]["samples"] or r["lost"]["waits"]], "nothing is lost")
    none([(path, *missing) for path, _, r in each() if (missing := without_stack(r))], "every sample and every wait has its stack")
    none([f"{path}: {fault}" for path, _, r in each() for s in used_stacks(r) if s >= 0 and (fault := begins(r, s))],
         "every stack ends where its thread began")


def deep():
    """Between the function that works and the thread's begin is every level, in the order of the calls."""
    order = ["level_small", "level_large", "level_sized"] * (DEPTH // 3)
    wrong, n, working = [], 0, set(COMPUTING)
    for path in CPU:
        for _, report in recorded[path]:
            for stack in report["samples"]["stack"]:
                names = functions(report, stack)
                if not working & set(names):
                    continue
                n += 1
                levels = [name for name in reversed(names) if name in LEVELS]
                if levels != order or len(names) < DEPTH:
                    wrong.append(f"{path}: {len(names)} frames, {len(levels)} levels: {names[:4]}")
    ok(n > 500, "there are samples of work in the depth", n)
    none(wrong, f"each has its {DEPTH} levels")
    for path in CPU:
        deepest = statistics.mean(cpu_of(r, "level_small") / cpu_total(r) for _, r in recorded[path])
        within(round(100 * deepest, 2), 100, POINTS, f"{path}: the share of what works in the depth")


def waits():
    for path, cause in WAITS.items():
        longest = [max(waits_of(r, cause), key=lambda w: w["duration_ns"], default=None) for _, r in recorded[path]]
        ok(all(longest), f"{path}: a wait of the cause {cause}")
        levels = [sum(f in LEVELS for f in functions(r, w["stack"])) for (_, r), w in zip(recorded[path], longest) if w]
        equal(levels, [DEPTH] * REPEAT, f"{path}: its stack has every level")


def accounts():
    none([f"{path}: {fault}" for path, _, report in each() for fault in contract.faults(report)], "all keep the contract")
    none([path for path, _, r in each() if "compute_other" in {f["function"] for f in r["frames"]}], "no frame of what only other requests run")


main(record, accounts, shares, whole, deep, waits)
