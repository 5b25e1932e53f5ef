#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Waiting for the GIL and holding it, in def endpoints that compute at the same time in AnyIO's pool. Needs root."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Recording, connection, uvicorn, waits_of
from python_reports import MS, POINTS, Rivals, ask, bound, classes, cpu_by_truth, lasted_by_truth, lasted_in, matched, sound, waits_in
from tap import main, measured, none, ok, within

TRIES = 3


def contended(name, server, marked, function, others):
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        with Rivals(server, others) as rivals:
            truths = [(marked, ask(c, marked)) for _ in range(TRIES)]
        r.wait_reports(TRIES)
    rows = matched(r, truths)
    sound(name, rows)
    bound(name, rows)
    for _, truth, report in rows:
        expected = lasted_by_truth(truth, function)
        within(lasted_in(report, function), expected, 0.02 * expected + MS, f"{name}: computes and waits for as long as it says")
        # It waits for nothing else; but the machine's CPUs may be others'.
        waits, gil = (sum(w["duration_ns"] for w in waits_in(report, function, *causes)) for causes in ((), ("gil",)))
        measured(0.5 * waits <= gil <= report["time"]["classes_ns"]["gil"] + MS, f"{name}: most of it for the GIL",
                 f"{gil} of {waits} ns: {classes(report)}")
        holders(name, truth, report, rivals.tids)


def holders(name, truth, report, tids):
    """Who had it: a thread that worked, by the function that it was in."""
    waits = [w for w in waits_of(report, "gil") if report["threads"][w["thread"]]["tid"] == truth["calls"][0]["tid"]]
    total = sum(w["duration_ns"] for w in waits)
    named = known = 0
    for w in waits:
        m = re.match(r"(\S.*)?\[(\d+)\](?: (\S+))?", w["object"] or "")
        named += w["duration_ns"] if m and int(m[2]) in tids else 0
        known += w["duration_ns"] if m and m[3] else 0
    measured(total and named >= 0.9 * total, f"{name}: which another thread holds", f"{named} of {total} ns: { {w['object'] for w in waits} }")
    ok(total and known >= 0.5 * total, f"{name}: in a function that is known", f"{known} of {total} ns: { {w['object'] for w in waits} }")


def python_against_python():
    contended("Python against Python", uvicorn("fastapi_truth"), "/def/03/a:60", "compute_a", ["/def/04/a:80", "/def/05/b:80"])


def native_against_python():
    """It computes without the GIL, and has to get it back again and again."""
    contended("C against Python", uvicorn("fastapi_truth", loop="asyncio"), "/def/03/hash:30", "digest", ["/def/04/a:100", "/def/05/a:100"])


def held():
    """Python code holds the GIL for as long as it runs; libcrypto does not."""
    server = uvicorn("fastapi_truth")
    paths = ["/def/03/a:60", "/def/03/hash:120", "/do/03/a:30/json:30", "/def/03/block:40/a:60"]
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        truths = [(path, ask(c, path)) for path in paths]
        r.wait_reports(len(paths))
    rows = matched(r, truths)
    sound("alone", rows)
    for path, truth, report in rows:
        threads = {t["tid"]: t for t in report["threads"]}
        none([t for t in threads.values() if not 0 <= t.get("gil_held_ns", -1) <= t["cpu_ns"]],
             f"{path}: every thread has gil_held_ns, and no more of it than CPU time")
        cpu = cpu_by_truth(truth)
        expected = 100 * (1 - cpu["digest"] / sum(cpu.values()))
        mine = threads.get(truth["calls"][0]["tid"], {"cpu_ns": 0})
        got = 100 * mine.get("gil_held_ns", 0) / max(1, mine["cpu_ns"])
        within(got, expected, POINTS + 3, f"{path}: the share of the CPU time that has the GIL")
        measured(report["time"]["classes_ns"]["gil"] <= 0.03 * report["time"]["wall_ns"], f"{path}: nobody to wait for", report["time"])


main(python_against_python, native_against_python, held)
