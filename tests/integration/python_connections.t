#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers with a task for each connection, which is there before the request: aiohttp, tornado, hypercorn. Whose a task is shows when it writes the
response; of several marked requests at once one is told apart. Needs root."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import PYTHON, SERVERS, Recording, Server, connection, database, fetch, free_port, hypercorn
from python_reports import MS, SHORT_TICKS, Asked, Rivals, ask, awaits_of, bound, matched, sound
from tap import equal, main, ok

CLIENTS, MARKED = 12, 4
ENV = {"DATABASE": str(database().port)}
PATHS = ["/do/03/a:20/sleep:5/b:10", "/do/03/sleep:3/gather:8/a:6", "/do/03/a:6/thread:8/executor:8", "/do/03/db:10/a:10/db:10/b:6"]
OTHERS = ["/do/{}/a:1/sleep:2/b:1", "/do/{}/gather:1", "/do/{}/thread:1/leave:1", "/do/{}/db:3/a:1"]


def script(name):
    port = free_port()
    return Server([PYTHON, f"{SERVERS}/{name}", port], port, cwd=SERVERS, env={**os.environ, **ENV})


def others(server, slots):
    return Rivals(server, [OTHERS[n % len(OTHERS)].format(f"{n:02}") for n in slots])


def alone(name, server, paths):
    """The first request that the recording sees, and more, each on a connection of its own."""
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        truths = []
        for path in paths:
            with connection(server.port) as c:
                truths.append((path, ask(c, path)))
        r.wait_reports(len(paths))
    rows = matched(r, truths)
    sound(f"{name}, alone", rows)
    bound(f"{name}, alone", rows)


def among_others(name, server, paths):
    """On a connection that lasts, and on one for each."""
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, others(server, range(MARKED, CLIENTS)):
        truths = []
        with connection(server.port) as lasting:
            for path in paths * 2:
                truths.append((path, ask(lasting, path)))
                with connection(server.port) as c:
                    truths.append((path, ask(c, path)))
        r.wait_reports(len(truths))
    rows = matched(r, truths)
    sound(f"{name}, among others", rows)
    bound(f"{name}, among others", rows, least=0.97, slack=0.03)
    return rows


def at_once(name, server, path):
    """Several marked ones: nothing of one is in another's report, and what is not told apart is said to be ambiguous."""
    rounds = 4
    truths = []
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, others(server, range(MARKED, CLIENTS)):
        for i in range(rounds):
            begin = threading.Barrier(MARKED)
            asked = [Asked(server, f"{path.replace('03', f'{n:02}')}/tag:{i}", begin=begin) for n in range(MARKED)]
            truths += [(a.path, a.truth()) for a in asked]
        r.wait_reports(MARKED * rounds)
    rows = matched(r, truths)
    sound(f"{name}, at once", rows, ambiguous=True)
    told = [row for row in rows if row[2]["time"]["ambiguous_ns"] < row[2]["time"]["wall_ns"] * 0.01]
    ok(len(told) >= rounds, f"{name}, at once: at least one of each {MARKED} is told apart", len(told))
    bound(f"{name}, at once: those", told, least=0.95, slack=0.05)


def one_after_the_other(name, server):
    """On one connection, and so by one task: marked ones and others, each of another slot, which leave work behind."""
    truths = []
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, others(server, range(MARKED, CLIENTS)), connection(server.port) as c:
        for n in range(24):
            path = f"/do/{n % MARKED:02}/a:4/leave:4/b:3/tag:{n}"
            if n % 3:
                fetch(c, path)
            else:
                truths.append((path, ask(c, path)))
        r.wait_reports(len(truths))
    rows = matched(r, truths)
    sound(f"{name}, one after the other", rows, ambiguous=True)
    told = [row for row in rows if row[2]["time"]["ambiguous_ns"] < row[2]["time"]["wall_ns"] * 0.01]
    ok(len(told) >= len(rows) // 2, f"{name}, one after the other: most are told apart", len(told))


def each(name, server, paths=PATHS, lasts=True):
    """lasts: so do its connections."""
    fetch_one = paths[0].replace("03", "15")
    with connection(server.port) as c:
        equal(fetch(c, fetch_one)[0], 200, f"{name}: it serves")
    alone(name, server, paths)
    rows = among_others(name, server, paths)
    if lasts:
        one_after_the_other(name, server)
    at_once(name, server, paths[0])
    return rows


def aiohttp():
    server = script("aiohttp_truth.py")
    rows = each("aiohttp", server, [*PATHS, "/stream/03/a:6/sleep:3/b:6"])
    sleeps = [[a["duration_ns"] for a in awaits_of(report, "sleep")] for path, _, report in rows if path == PATHS[0]]
    ok(all(any(5 * MS <= ns for ns in found) for found in sleeps), "aiohttp: what it awaits is named", sleeps)
    server.stop()


def tornado():
    server = script("tornado_truth.py")
    each("tornado", server)
    server.stop()


def hypercorn_asyncio():
    server = hypercorn("fastapi_truth:app", **ENV)
    each("hypercorn", server, lasts=False)
    server.stop()


main(aiohttp, tornado, hypercorn_asyncio)
