#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a request does in other threads and tasks than its first: AnyIO's pool, to_thread, executors, gather, TaskGroup. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Load, Recording, connection, start, unready, uvicorn, waits_of
from python_reports import (MS, SHORT_TICKS, ask, bound, classes, cpu_by_truth, cpu_in, idle_in_calls, lasted_by_truth, lasted_in, matched, names,
                            shares, sound, stolen_from, waited_in)
from tap import main, measured, none, none_off, ok, within

POOL = "/def/03/a:20/block:20/lock:20/b:10"
PATHS = [POOL, "/do/03/thread:20/a:10", "/do/03/executor:20/a:10", "/do/03/gather:15/a:10", "/do/03/group:15/a:10", "/do/03/block:20/lock:20/a:10"]
REPEAT = 3
recorded = {}           # (name, path) → [(path, truth, report)]


def record(name, server):
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        with Load(server.port, "/other/1", clients=4, pause=0.02), connection(server.port) as c:
            truths = [(path, ask(c, path)) for path in PATHS * REPEAT]
            r.wait_reports(len(truths))
    rows = matched(r, truths)
    for row in rows:
        recorded.setdefault((name, row[0]), []).append(row)
    sound(name, rows)
    for path in PATHS:
        bound(f"{name}, {path}", recorded[name, path])
    bound(f"{name}, all", rows)


def threads():
    """Each thread has its own account, and there are no others than those that worked."""
    for (name, path), rows in recorded.items():
        off = []
        for _, truth, report in rows:
            tids = {}
            for call in truth["calls"]:
                tids[call["tid"]] = tids.get(call["tid"], 0) + call["cpu_ns"]
            got = {t["tid"]: t["cpu_ns"] for t in report["threads"]}
            off += [f"{tid}: {got.get(tid)} ns, it says {cpu}" for tid, cpu in tids.items()
                    if not cpu * 0.97 - MS - stolen_from(report, tid=tid) <= got.get(tid, 0) <= cpu * 1.03 + 6 * MS]
        none_off(off, f"{name}, {path}: the CPU time of each of its threads")


def children():
    for (name, path), rows in recorded.items():
        if "gather" in path or "group" in path:
            for _, truth, report in rows:
                s = report["samples"]
                tasks = {task for task, stack in zip(s["task"], s["stack"]) if "compute_in_child" in names(report, stack)}
                ok(len(tasks) == 2 and -1 not in tasks, f"{name}, {path}: two children are two tasks", tasks)
                within(cpu_in(report, "compute_in_child"), cpu_by_truth(truth)["compute_in_child"], 3 * MS, f"{name}, {path}: their CPU time")
        if "thread" in path or "executor" in path:
            shares(f"{name}, {path}", rows, ["compute_a", "compute_in_pool" if "thread" in path else "compute_in_executor"])


def waits():
    for (name, path), rows in recorded.items():
        if "block" not in path:
            continue
        for _, truth, report in rows:
            for function, cause in ("block", "sleep"), ("wait_for_lock", "lock"):
                call = next(c for c in truth["calls"] if c["function"] == function)
                # Its clock is read outside of the function. And a deadline does not move while the thread that gives up the GIL is preempted.
                within(lasted_in(report, function), lasted_by_truth(truth, function), MS + unready(report), f"{name}, {path}: waits in {function}")
                least = 15 * MS - unready(report)
                ok(waited_in(report, function, cause) >= least, f"{name}, {path}: for a {cause}", classes(report))
                found = [w for w in waits_of(report, cause) if function in names(report, w["stack"])]
                none([w for w in found if report["threads"][w["thread"]]["tid"] != call["tid"]], f"{name}, {path}: in its thread")
            measured(min(report["time"]["classes_ns"][c] for c in ("sleep", "lock")) >= least, f"{name}, {path}: and so in the classes",
                     classes(report))


def alone():
    """Nothing else happens: the pool's thread, on whatever CPU it wakes up, computes without any switch until it is done."""
    server = uvicorn("fastapi_truth")
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        truths = [(path, ask(c, path)) for path in ["/def/03/a:15", "/do/03/thread:15"] * 8]
        r.wait_reports(len(truths))
    rows = matched(r, truths)
    sound("alone", rows)
    bound("alone", rows)
    none([classes(x) for _, truth, x in rows if idle_in_calls(truth, x)], "alone: nothing is suspended while its own thread computes")


def seldom():
    """The pool's thread has been idle since before anything was recorded."""
    server = uvicorn("fastapi_truth", loop="asyncio")
    rows = []
    for path in ["/do/03/executor:15", "/def/03/a:15"] * 3:
        server.get(path)
        with Recording("--pid", server.pid, options=SHORT_TICKS) as r, connection(server.port) as c:
            truth = ask(c, path)
            r.wait_reports(1)
        rows += matched(r, [(path, truth)])
    sound("seldom", rows)
    bound("seldom", rows)


def created():
    """What a request starts is its own, in whatever thread it does."""
    server = uvicorn("fastapi_truth", loop="asyncio")
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        truths = [(path, ask(c, path)) for path in ["/def/03/new:15", "/do/03/new:15", "/def/03/process:20", "/do/03/process:20"] * REPEAT]
        r.wait_reports(len(truths))
    for path, _, report in matched(r, truths):
        if "new" in path:
            within(cpu_in(report, "compute_in_new_thread"), 15 * MS, MS, f"created, {path}: the CPU time of the new thread")
            continue
        tids = [n for n, t in enumerate(report["threads"]) if t["pid"] != server.pid]
        slept = sum(w["duration_ns"] for w in waits_of(report, "sleep") if w["thread"] in tids)
        measured(slept >= 19 * MS - unready(report), f"created, {path}: what the new process waits for", report["threads"])


class Hog:
    """A process that has the CPU of a server for longer than its share."""

    def __init__(self, server):
        self._cpu = min(os.sched_getaffinity(0))
        os.sched_setaffinity(server.pid, {self._cpu})

    def __enter__(self):
        self._process = start([sys.executable, "-c", "while True: pass"], preexec_fn=self._settle)

    def _settle(self):
        os.sched_setaffinity(0, {self._cpu})
        os.nice(-15)

    def __exit__(self, *_):
        self._process.kill()
        self._process.wait()


def no_cpu():
    """Its task could go on, and no other is in the way: what there is not is a CPU."""
    for loop in "asyncio", "uvloop":
        server = uvicorn("fastapi_truth", loop=loop)
        path = "/do/03" + "/sleep:5/a:1" * 10
        with Recording("--pid", server.pid) as r, Hog(server), connection(server.port) as c:
            truths = [(path, ask(c, path))]
            r.wait_reports(1)
        ((_, truth, report),) = rows = matched(r, truths)
        sound(f"no CPU, {loop}", rows)
        late = sum(a["ns"] for a in truth["awaits"]) - 50 * MS
        measured(late > 20 * MS, f"no CPU, {loop}: its timers were late", truth["awaits"])
        measured(report["time"]["classes_ns"]["loop_busy"] <= late / 3, f"no CPU, {loop}: which is not the loop's fault", (late, classes(report)))


def plain():
    record("uvloop", uvicorn("fastapi_truth", loop="uvloop"))


def with_middleware():
    record("asyncio with a middleware", uvicorn("fastapi_truth", loop="asyncio", MIDDLEWARE="1"))


main(plain, with_middleware, threads, children, waits, alone, seldom, created, no_cpu)
