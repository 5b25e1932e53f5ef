#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames of Python: what each function of a FastAPI request took, and stacks of Python, C and the kernel in their order. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import SERVERS, Load, Recording, connection, unready, uvicorn
from python_reports import (MS, POINTS, ask, bound, cpu_by_truth, cpu_in, frames, last_name, lasted_by_truth, lasted_in, matched, misplaced,
                            names, shares, sound, stacks_with)
from tap import main, measured, none, ok, within

CPU = ["/do/03/a:70/b:30", "/def/03/a:70/b:30", "/do/03/json:30/hash:30/sql:30", "/do/03/sleep:5/a:20/sleep:5/b:40/sleep:5/a:20"]
STACKS = ["/do/03/lines:80", "/do/03/nested:20/deep:20/gen:20/sort:20/many:20", "/def/03/block:30/sql:20/json:20/hash:20"]
REPEAT = 3
recorded = {}           # path → [(path, truth, report)]


def record():
    """All requests of this file, one after the other beside four clients that nobody asked about."""
    server = uvicorn("fastapi_truth")
    with Recording("--pid", server.pid) as r:
        ok(r.log.find(rf"^attached {server.pid} uvicorn: CPython 3\.11\b.*\buvloop\b"), "the start line names version and loop", r.log.text)
        with Load(server.port, "/other/1", clients=4, pause=0.01), connection(server.port) as c:
            truths = [(path, ask(c, path)) for path in (CPU + STACKS) * REPEAT]
            r.wait_reports(len(truths))
    for row in matched(r, truths):
        recorded.setdefault(row[0], []).append(row)


def everything():
    sound("alone in the loop's thread or the pool's", [row for rows in recorded.values() for row in rows])


def work():
    for path in CPU:
        shares(path, recorded[path], ["serialize", "digest", "query"] if "json" in path else ["compute_a", "compute_b"])
        bound(path, recorded[path])
    for path in CPU:
        expected = sum(sum(cpu_by_truth(t).values()) for _, t, _ in recorded[path])
        got = sum(sum(r["samples"]["weight_ns"]) for _, _, r in recorded[path])
        measured(0.98 * expected <= got <= expected + len(recorded[path]) * 5 * MS, f"{path}: and little besides", f"{got} of {expected} ns")


def all_stacks(path, function):
    return [(report, stack) for _, _, report in recorded[path] for stack in stacks_with(report, function)]


def ordered(path, function, order):
    """In each stack with the function these stand one above the other, with others between."""
    found = all_stacks(path, function)
    ok(found, f"{function} is seen")
    for report, stack in found:
        rest = iter(names(report, stack))
        if not all(name in rest for name in order):
            return ok(False, f"{' below '.join(order)}", names(report, stack))
    return ok(found, f"{' below '.join(order)}")


def callers():
    path = STACKS[1]
    ordered("/do/03/a:70/b:30", "compute_a", ["compute_a", "work_03", "call", "operate", "do", "run_asgi"])
    ordered("/def/03/a:70/b:30", "compute_a", ["compute_a", "work_03", "call", "operate", "do_in_pool", "run", "_bootstrap"])
    ordered("/do/03/sleep:5/a:20/sleep:5/b:40/sleep:5/a:20", "compute_b", ["compute_b", "work_03", "call", "operate", "do", "run_asgi"])
    ordered(path, "square", ["square", "numbers", "<genexpr>", "<lambda>", "until", "generate", "work_03"])
    ordered(path, "key_of", ["key_of", "<lambda>", "until", "order", "work_03"])
    ordered(path, "local", ["local", "method", "nested", "work_03"])
    wanted = {"Outer.Inner.method.<locals>.local", "Outer.Inner.method", "Measured.call", "burn.<locals>.<lambda>"}
    none([wanted - {f["function"] for f in report["frames"]} for _, _, report in recorded[path]
          if not wanted <= {f["function"] for f in report["frames"]}], "names are qualified")
    depths = {names(report, stack).count("descend") for report, stack in all_stacks(path, "bottom")}
    ok(depths == {101}, "a recursion of 101 frames has as many", depths)
    none([names(report, stack) for report, stack in all_stacks(path, "bottom") if "run_asgi" not in names(report, stack)], "and all below them")


def lines():
    with open(f"{SERVERS}/measured.py", encoding="utf-8") as f:
        text = f.read().splitlines()
    long, short = (next(n for n, line in enumerate(text, 1) if line.endswith(f"# the {which} line")) for which in ("long", "short"))
    weights = dict.fromkeys((long, short), 0)
    for _, _, report in recorded[STACKS[0]]:
        for stack, weight in stacks_with(report, "two_lines").items():
            line = next(f["line"] for f in frames(report, stack) if last_name(f) == "two_lines")
            weights[line] = weights.get(line, 0) + weight
    total = sum(weights.values())
    within(round(100 * weights[long] / max(1, total), 2), 75, POINTS, "the executing line: three quarters in one, a quarter in the other")
    measured(total and weights[long] + weights[short] >= 0.98 * total, "and nearly nothing in others", weights)
    seen = [f for _, _, report in recorded[STACKS[1]] for f in report["frames"] if f["kind"] == "python" and os.path.dirname(f["file"] or "")]
    ok(seen and not [f for _, _, report in recorded[STACKS[1]] for f in misplaced(report)], "files are known by their path")


def kinds(report, stack):
    """Innermost first: k, n of an extension or library, i of the interpreter's file, p."""
    return "".join({"kernel": "k", "python": "p"}.get(f["kind"], "i" if "/python3" in (f["module"] or "") else "n") for f in frames(report, stack))


def mixture():
    path = STACKS[2]
    everywhere = [(r, s) for rows in recorded.values() for _, _, r in rows for s in set(r["samples"]["stack"]) | {w["stack"] for w in r["waits"]}]
    none([names(r, s) for r, s in everywhere if "k" in kinds(r, s).lstrip("k")], "the kernel's frames are the innermost")
    ok([1 for r, s in everywhere if "kp" in kinds(r, s).replace("n", "").replace("i", "")], "with Python's below them")
    for function, library in ("digest", "libcrypto"), ("serialize", "_json."), ("query", "libsqlite3"):
        above = total = 0
        for report, stack in all_stacks(path, function):
            weight = stacks_with(report, function)[stack]
            order = frames(report, stack)
            first = next((i for i, f in enumerate(order) if library in os.path.basename(f["module"] or "")), None)
            total += weight
            above += weight if first is not None and function in [last_name(f) for f in order[first:]] else 0
        ok(total and above >= 0.8 * total, f"{library} stands above {function}, which calls it", f"{above} of {total} ns")
    between = [frames(report, stack) for report, stack in all_stacks(path, "score")]
    where = [([last_name(f) for f in s], ["libsqlite3" in (f["module"] or "") for f in s]) for s in between]
    ok(where, "score is seen")
    none([n for n, native in where if True not in native[n.index("score"):n.index("query")]], "libsqlite3 stands between Python and Python")


def waits():
    for _, truth, report in recorded[STACKS[2]]:
        tid = truth["calls"][0]["tid"]
        slept = [w for w in report["waits"] if w["cause"] == "sleep" and "block" in names(report, w["stack"])]
        within(lasted_in(report, "block"), lasted_by_truth(truth, "block"), MS + unready(report),
               "time.sleep is a wait of its thread, with Python's stack")
        measured(sum(w["duration_ns"] for w in slept) >= 25 * MS - unready(report), "and a sleep", slept)
        ok({report["threads"][w["thread"]]["tid"] for w in slept} == {tid}, "in the pool's thread", report["threads"])
        cpu = sum(t["cpu_ns"] for t in report["threads"] if t["tid"] == tid)
        measured(cpu >= 0.98 * sum(cpu_by_truth(truth).values()), "which also has the CPU time", f"{cpu} of {truth['calls']}")
        ok(cpu_in(report, "do_in_pool") >= 0.98 * cpu_in(report, "work_03") > 0, "below the endpoint's function")


main(record, everything, work, callers, lines, mixture, waits)
