#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Whom a request waited for when its task could have gone on, but the loop's thread worked for others. Needs root."""
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Recording, connection, uvicorn
from python_reports import MS, Asked, Rivals, ask, classes, matched, sound
from tap import main, measured, none, within

TRIES = 3
PATIENT = "/do/03/sleep:5/a:2/sleep:5/a:2/sleep:5/a:2/sleep:5"
BURN = {"until", "burn.<locals>.<lambda>", "burn.<locals>.<lambda>.<locals>.<genexpr>", "burn"}


def recorded(server, rivals, marked=PATIENT):
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        with Rivals(server, rivals):
            truths = [(marked, ask(c, marked)) for _ in range(TRIES)]
        r.wait_reports(TRIES)
    return matched(r, truths)


def busy(report, functions=None, gil=False):
    return sum(b["duration_ns"] for b in report["loop_busy"] if b["gil"] == gil and (functions is None or b["function"] in functions))


def named(name, rows, functions, gil=False):
    sound(name, rows)
    for _, _, report in rows:
        all_ns, got = report["time"]["classes_ns"]["loop_busy"], busy(report, functions, gil)
        measured(all_ns > 10 * MS and got >= 0.9 * all_ns, f"{name}: what the loop did is named", f"{got} of {all_ns} ns: {report['loop_busy']}")
        none([b for b in report["loop_busy"] if b["function"] in functions and not (b["file"] or "").endswith("/measured.py")],
             f"{name}: with its file")
        none([f for f in report["frames"] if f["function"] in functions - BURN], f"{name}: and is in no stack of the request")


def computing(loop):
    named(f"{loop}, others compute", recorded(uvicorn("fastapi_truth", loop=loop), ["/do/04/b:20", "/do/05/b:20"]), BURN)


def blocking(loop):
    """A blocking sleep in somebody else's `async def`: no sample sees it."""
    named(f"{loop}, another blocks", recorded(uvicorn("fastapi_truth", loop=loop), ["/do/04/block:25"]), {"block"})


def both(loop):
    """How much is whose: one computes, one blocks, and the loop lets them take turns."""
    name = f"{loop}, one computes, one blocks"
    rows = recorded(uvicorn("fastapi_truth", loop=loop), ["/do/04/b:20", "/do/05/block:20"])
    named(name, rows, BURN | {"block"})
    for _, _, report in rows:
        all_ns = report["time"]["classes_ns"]["loop_busy"]
        # Turn by turn; the first and the last one are cut.
        within(busy(report, {"block"}), all_ns / 2, 0.1 * all_ns + 20 * MS, f"{name}: as much as the other")


def loop_waits_for_gil():
    """`def` endpoints compute in the pool: the loop's thread has to wait for the GIL."""
    rows = recorded(uvicorn("fastapi_truth", loop="asyncio"), ["/def/04/b:100", "/def/05/b:100"])
    sound("pool computes", rows)
    for _, _, report in rows:
        all_ns, got = report["time"]["classes_ns"]["loop_busy"], busy(report, BURN, True)
        measured(got >= 0.8 * all_ns - 10 * MS, "pool computes: the GIL keeps the loop busy, and who holds it is named",
                 (classes(report), report["loop_busy"]))


def marked_ones():
    """Of a marked request its path is known, too."""
    server = uvicorn("fastapi_truth", loop="asyncio")
    rival, waiting = "/do/04/b:300", "/do/03/sleep:100/a:2"
    with Recording("--pid", server.pid) as r:
        asked = [Asked(server, waiting)]
        time.sleep(0.03)
        asked.append(Asked(server, rival))
        truths = [(a.path, a.truth()) for a in asked]
        r.wait_reports(2)
    report = {path: report for path, _, report in matched(r, truths)}[waiting]
    whole = report["time"]["classes_ns"]["loop_busy"]
    got = sum(b["duration_ns"] for b in report["loop_busy"] if b["request"] == f"GET {rival}" and b["function"] in BURN)
    measured(whole > 50 * MS and got >= 0.9 * whole, "the request that the loop works for is named", (classes(report), report["loop_busy"]))
    none([b for b in report["loop_busy"] if b["request"] == f"GET {waiting}"], "which is not itself")


def each(test):
    def run():
        for loop in ("asyncio", "uvloop"):
            test(loop)
    return run


main(each(computing), each(blocking), each(both), loop_waits_for_gil, marked_ones)
