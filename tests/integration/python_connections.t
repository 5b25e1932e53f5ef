#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers with a task for each connection, which is there before the request: aiohttp, tornado, hypercorn. Whose a task is shows when it writes the
response, also of several marked ones at once. Needs root."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import PYTHON, SERVERS, Clients, Recording, Server, connection, database, fetch, free_port, hypercorn
from python_reports import MS, SHORT_TICKS, Asked, Rivals, ask, awaits_of, bound, matched, sound
from tap import equal, main, ok

CLIENTS, MARKED = 12, 4
ENV = {"DATABASE": str(database().port)}
PATHS = ["/do/03/a:20/sleep:5/b:10", "/do/03/sleep:3/gather:8/a:6", "/do/03/a:6/thread:8/executor:8", "/do/03/db:10/a:10/db:10/b:6"]
OTHERS = ["/do/{}/a:1/sleep:2/b:1", "/do/{}/gather:1", "/do/{}/thread:1/leave:1", "/do/{}/db:3/a:1"]


def script(name, *arguments):
    port = free_port()
    return Server([PYTHON, f"{SERVERS}/{name}", port, *arguments], port, cwd=SERVERS, env={**os.environ, **ENV})


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
    """Several marked ones: each has its own work, and nothing of another's, marked or not."""
    rounds = 4
    truths = []
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, others(server, range(MARKED, CLIENTS)):
        for i in range(rounds):
            begin = threading.Barrier(MARKED)
            asked = [Asked(server, f"{path.replace('03', f'{n:02}')}/tag:{i}", begin=begin) for n in range(MARKED)]
            truths += [(a.path, a.truth()) for a in asked]
        r.wait_reports(MARKED * rounds)
    rows = matched(r, truths)
    sound(f"{name}, at once", rows)
    bound(f"{name}, at once", rows, least=0.97, slack=0.03)


class Newcomers(Clients):
    """Unmarked requests, each on a new connection, for which the server makes a task."""

    def __init__(self, server, slots):
        super().__init__(server.port, self._ask, slots)
        self._port = server.port

    def _ask(self, _, slot):
        with connection(self._port) as c:
            fetch(c, f"/do/{slot:02}/a:1/sleep:1/b:1")


def beside_newcomers(name, server):
    """Marked ones on connections that last, where nothing tells whose a task is: then none is the request's."""
    truths = []

    def ask_all(slot):
        with connection(server.port) as c:
            for n in range(6):
                path = f"/do/{slot:02}/a:4/sleep:3/b:4/tag:{n}"
                truths.append((path, ask(c, path)))

    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, Newcomers(server, range(MARKED, CLIENTS)):
        threads = [threading.Thread(target=ask_all, args=[n], daemon=True) for n in range(MARKED)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        r.wait_reports(len(truths))
    sound(f"{name}, beside newcomers", matched(r, truths), ambiguous=True)


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


def aiohttp_on_uvloop():
    server = script("aiohttp_truth.py", "uvloop")
    beside_newcomers("aiohttp on uvloop", server)
    server.stop()


def tornado():
    server = script("tornado_truth.py")
    each("tornado", server)
    server.stop()


def hypercorn_asyncio():
    server = hypercorn("fastapi_truth:app", **ENV)
    each("hypercorn", server, lasts=False)
    server.stop()


main(aiohttp, aiohttp_on_uvloop, tornado, hypercorn_asyncio)
