#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What a task awaits, on an idle loop and on one that works for others: cause, object, duration, and what is the loop's fault. Needs root."""
import os
import sys
import threading
import time
from importlib.metadata import version

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Load, Recording, connection, database, unready, uvicorn
from python_reports import MS, Asked, ask, awaits_of, classes, foreign, matched, names, sound, truth_of_await
from tap import equal, main, measured, none, ok, within

SLACK = 1.5 * MS        # a loop's timers have a resolution of 1 ms
CLIENTS = 16
MARKED = 4
ATTEMPTS = 5


def longest(report, cause):
    return max(awaits_of(report, cause), key=lambda w: w["duration_ns"], default={"duration_ns": 0, "object": None, "stack": -1, "t": 0})


def sums(report, *names_of_classes):
    return sum(report["time"]["classes_ns"][c] for c in names_of_classes)


class Served:
    """A server with a database, both idle, its connections open and its threads made."""

    def __init__(self, loop):
        self.loop, self.database = loop, database()
        self.server = uvicorn("fastapi_truth", loop=loop, DATABASE=str(self.database.port))
        begin = threading.Barrier(CLIENTS)
        for asked in [Asked(self.server, f"/do/{n:02}/db:20/thread:1", "", begin) for n in range(CLIENTS)]:
            asked.truth()
        self.peer = f"127.0.0.1:{self.database.port}"
        # It writes for all tasks together when they are done, so that among many nothing tells whose a write is.
        self.writes_late = loop == "uvloop" and version("uvloop") < "0.18"


def tried(attempt, name):
    """What attempt() returns as soon as two requests have come together as they should: when they come is not in its hands."""
    for _ in range(ATTEMPTS):
        if found := attempt():
            break
    ok(found, name)
    return found


def idle(served):
    """One request at a time: awaits last as long as the request says."""
    paths = {"/do/03/sleep:50": ("sleep", "sleep"), "/do/03/db:40": ("database", "network"), "/do/03/future:40": ("future", "other_wait"),
             "/do/03/thread:40": ("thread", "other_wait"), "/do/03/executor:40": ("executor", "other_wait")}
    with Recording("--pid", served.server.pid) as r, connection(served.server.port) as c:
        truths = [(path, ask(c, path)) for path in paths]
        r.wait_reports(len(paths))
    rows = matched(r, truths)
    sound(f"{served.loop}, idle", rows)
    for path, truth, report in rows:
        what, cause = paths[path]
        (lasted,) = truth_of_await(truth, what)
        found = longest(report, cause)
        name = f"{served.loop}, idle, {path}"
        # The request says how long it was until its task ran again, for which its thread needed a CPU.
        late = unready(report)
        measured(found["duration_ns"] >= int(path.split(":")[1]) * MS - SLACK, f"{name}: an await of the cause {cause}, as long as was asked for",
                 found)
        within(found["duration_ns"], lasted - late / 2, 0.02 * lasted + SLACK + late / 2, f"{name}: and as it says")
        ok(bool(found["object"]) or cause == "sleep", f"{name}: with an object", report["awaits"])
        order = [n for n in names(report, found["stack"]) if n in ("await_03", "wait", "operate", "do")]
        ok(order == ["await_03", "wait", "operate", "do"], f"{name}: and the stack that awaits", names(report, found["stack"]))
        measured(report["time"]["classes_ns"]["loop_busy"] <= 0.02 * lasted + SLACK, f"{name}: the loop is not busy", classes(report))
        if what in ("sleep", "database", "future"):
            within(sums(report, "suspended", "sleep", "network", "other_wait"), found["duration_ns"], 0.02 * lasted + SLACK + late,
                   f"{name}: and the classes say so")
        if what == "database":
            ok(found["object"] == served.peer, f"{name}: it awaits the database", f"{found['object']}, not {served.peer}")


def late(served):
    """The timer is due while another request has the loop's thread."""
    path = "/do/03/sleep:50"

    def attempt():
        with Recording("--pid", served.server.pid) as r:
            asked = Asked(served.server, path)
            time.sleep(0.02)
            Asked(served.server, "/do/04/a:100", "").truth()
            truth = asked.truth()
            r.wait_reports(1)
        (lasted,) = truth_of_await(truth, "sleep")
        return lasted > 70 * MS and (matched(r, [(path, truth)]), lasted)

    name = f"{served.loop}, late"
    rows, lasted = tried(attempt, f"{name}: it was late")
    ((_, _, report),) = rows
    sound(name, rows)
    lateness, slack = lasted - 50 * MS, SLACK + unready(report)
    within(report["time"]["classes_ns"]["loop_busy"], lateness, 0.05 * lateness + slack, f"{name}: for as long the loop is busy")
    within(sums(report, "suspended", "sleep"), 50 * MS, 0.02 * 50 * MS + slack, f"{name}: and before that it is suspended")
    found = awaits_of(report, "sleep")
    ok(len(found) == 1, f"{name}: one await of the cause sleep", report["awaits"])
    measured(found and 49 * MS <= found[0]["duration_ns"] <= lasted + SLACK, f"{name}: of its length", found)
    none(foreign(report, "03"), f"{name}: without the other's frames")


def crowd(served):
    """16 requests at once, 4 of them marked: they wait for the same database under the same name."""
    tags = [f"/do/{n:02}/step:2/db:30/step:2/tag:{n}" for n in range(CLIENTS)]
    begin = threading.Barrier(CLIENTS)
    with Recording("--pid", served.server.pid) as r:
        asked = [Asked(served.server, path, "?profile=1" if n < MARKED else "", begin) for n, path in enumerate(tags)]
        truths = [(a.path, a.truth()) for a in asked]
        r.wait_reports(MARKED)
    rows = matched(r, truths[:MARKED])
    name = f"{served.loop}, {CLIENTS} clients"
    sound(name, rows)
    for path, truth, report in rows:
        asked_for = next(a for a in truth["awaits"] if a["what"] == "database")
        found = longest(report, "network")
        if served.writes_late:
            ok(found["object"] in (served.peer, None), f"{name}: {path} awaits the database, or nobody that is known", found)
            continue
        ok(found["object"] == served.peer, f"{name}: {path} awaits the database", [w for w in report["awaits"] if w["cause"] == "network"])
        late = unready(report)
        measured(asked_for["until_sent_ns"] * 0.98 - SLACK - late <= found["duration_ns"] <= asked_for["ns"] + SLACK,
                 f"{name}: {path}: for as long as it takes", f"{found}, it says {asked_for}")
        queued = asked_for["ns"] - asked_for["until_sent_ns"] + sum(truth_of_await(truth, "step"))
        measured(report["time"]["classes_ns"]["loop_busy"] >= 0.8 * queued - 2 * SLACK - late, f"{name}: {path}: what it queues is the loop's",
                 f"{classes(report)}, it queued {queued} ns")


def in_turn(served):
    """Awaits one after the other, beside requests that leave the loop idle most of the time: the next object is often where the one before was."""
    path = "/do/03/sleep:20/db:40/sleep:10/db:20"
    with Recording("--pid", served.server.pid) as r:
        with Load(served.server.port, "/other/1", clients=2, pause=0.01), connection(served.server.port) as c:
            truths = [(path, ask(c, path)) for _ in range(3)]
        r.wait_reports(len(truths))
    rows = matched(r, truths)
    name = f"{served.loop}, in turn"
    sound(name, rows)
    for _, truth, report in rows:
        due = [20 * MS, truth["awaits"][1]["until_sent_ns"], 10 * MS, truth["awaits"][3]["until_sent_ns"]]
        late = sum(a["ns"] - ns for a, ns in zip(truth["awaits"], due))
        equal([a["cause"] for a in report["awaits"]], ["sleep", "network"] * 2, f"{name}: each is seen")
        measured(report["time"]["classes_ns"]["loop_busy"] <= late + 4 * SLACK, f"{name}: the loop is busy for as long as they are late, at most",
                 f"{classes(report)}, they were late by {late} ns")


def lock(served):
    """asyncio.Lock, held by another request that sleeps."""
    path = "/do/03/shared:5"

    def attempt():
        with Recording("--pid", served.server.pid) as r:
            holder = Asked(served.server, "/do/04/shared:80", "")
            time.sleep(0.02)
            truth = Asked(served.server, path).truth()
            holder.truth()
            r.wait_reports(1)
        (waited,) = truth_of_await(truth, "lock")
        return waited > 10 * MS and (matched(r, [(path, truth)]), waited)

    name = f"{served.loop}, lock"
    rows, expected = tried(attempt, f"{name}: it waited")
    ((_, _, report),) = rows
    sound(name, rows)
    within(longest(report, "lock")["duration_ns"], expected, 0.02 * expected + SLACK + unready(report), f"{name}: an await of the cause lock")
    ok("acquire" in names(report, longest(report, "lock")["stack"]), f"{name}: in acquire", report["awaits"])


def blocking(served):
    """time.sleep in an async handler is a wait of the loop's thread, no await; and it makes the loop busy for others."""
    path, other = "/do/03/block:50", "/do/04/sleep:20"

    def attempt():
        with Recording("--pid", served.server.pid) as r:
            second = Asked(served.server, other)
            time.sleep(0.01)
            first = Asked(served.server, path)
            truths = [(other, second.truth()), (path, first.truth())]
            r.wait_reports(2)
        (lasted,) = truth_of_await(truths[0][1], "sleep")
        return lasted > 30 * MS and (matched(r, truths), lasted - 20 * MS)

    name = f"{served.loop}, blocking"
    rows, lateness = tried(attempt, f"{name}: another request was late")
    sound(name, rows)
    (_, _, late_one), (_, _, report) = rows
    found = [w for w in report["waits"] if w["cause"] == "sleep" and "block" in names(report, w["stack"])]
    within(sum(w["duration_ns"] for w in found), 50 * MS, MS + unready(report), f"{name}: a wait of the loop's thread")
    ok(not awaits_of(report, "sleep"), f"{name}: no await", report["awaits"])
    measured(report["time"]["classes_ns"]["sleep"] >= 49 * MS - unready(report), f"{name}: class sleep", classes(report))
    within(late_one["time"]["classes_ns"]["loop_busy"], lateness, 0.05 * lateness + SLACK + unready(late_one), f"{name}: as the loop was busy")


def all_of(loop):
    served = Served(loop)
    for part in idle, late, crowd, in_turn, lock, blocking:
        part(served)


def uvloop():
    all_of("uvloop")


def asyncio():
    all_of("asyncio")


main(uvloop, asyncio)
