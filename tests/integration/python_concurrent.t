#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Sixteen clients at once, four of them marked: at least 98 % of a request's CPU time is in its report and nothing of any other's. Needs root."""
import itertools
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import PATIENCE, SERVERS, Clients, Recording, Server, connection, database, fetch, path_of, uvicorn
from python_reports import MS, SHORT_TICKS, Asked, Rivals, ask, bound, classes, cpu_by_truth, cpu_in, foreign, matched, sound
from pythons import interpreters, label_of, skip_missing
from tap import equal, main, none, ok

CLIENTS, MARKED = 16, 4
# What a request does, by what must be followed for it.
MARKED_PATHS = {
    "steps": "/do/{}/step:4/step:4/step:4",
    "sleeps": "/do/{}/sleep:3/a:6/sleep:3/b:6",
    "gather": "/do/{}/gather:6",
    "group": "/do/{}/group:6",
    "thread": "/do/{}/thread:6/executor:6",
    "pool": "/def/{}/a:6/block:3/b:6",
    "stream": "/stream/{}/a:4/b:4/step:4",
    "database": "/do/{}/db:5/a:6/db:5/b:6",
}
OTHER_PATHS = ["/do/{}/step:1/step:1", "/do/{}/a:1/sleep:2/a:1", "/do/{}/gather:1", "/def/{}/a:1/b:1", "/do/{}/thread:1/leave:1",
               "/do/{}/db:3/a:1", "/hello"]
ROUNDS = 2


class Others(Clients):
    """Unmarked requests on the slots that the marked ones leave."""

    def __init__(self, server, slots):
        super().__init__(server.port, self._ask, [(f"{slot:02}", itertools.islice(itertools.cycle(OTHER_PATHS), slot, None)) for slot in slots])
        self.errors = []

    def _ask(self, c, what):
        slot, paths = what
        try:
            fetch(c, next(paths).format(slot))
        except Exception as e:
            self.errors.append(e)
            raise


def marked_client(server, slot, begin, found):
    """Each of its requests begins when the other marked clients' do."""
    try:
        with connection(server.port) as c:
            for n, path in itertools.product(range(ROUNDS), MARKED_PATHS.values()):
                path = f"{path.format(slot)}/tag:{n}"
                begin.wait(PATIENCE)
                found.append((path, ask(c, path)))
    except Exception as e:
        begin.abort()
        found.append(e)


def crowd(name, server):
    found, begin = [], threading.Barrier(MARKED)
    clients = [threading.Thread(target=marked_client, args=[server, f"{n:02}", begin, found], daemon=True) for n in range(MARKED)]
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, Others(server, range(MARKED, CLIENTS)) as others:
        for t in clients:
            t.start()
        for t in clients:
            t.join()
        r.wait_reports(MARKED * ROUNDS * len(MARKED_PATHS))
    none([e for e in [*found, *others.errors] if isinstance(e, Exception)], f"{name}: all are answered")
    check(name, matched(r, found))


def check(name, rows):
    sound(name, rows, ambiguous=True)
    bound(f"{name}, all", rows)
    for mode, path in MARKED_PATHS.items():
        of_mode = [row for row in rows if any(row[0].startswith(path.format(f"{n:02}")) for n in range(MARKED))]
        equal(len(of_mode), MARKED * ROUNDS, f"{name}, {mode}: requests")
        bound(f"{name}, {mode}", of_mode, least=0.97, slack=0.03)
    none([f"{path}: bound {got}, says {cpu}, {classes(r)}" for path, truth, r in rows
          if (got := cpu_in(r, f"work_{truth['slot']}")) + r["time"]["ambiguous_ns"] < (cpu := sum(cpu_by_truth(truth).values())) * 0.98 - 2 * MS],
         f"{name}: what is not bound is ambiguous")
    most = max(r["time"]["in_flight_max"] for _, _, r in rows)
    ok(MARKED <= most <= CLIENTS, f"{name}: in flight: others too, at most the clients", most)


def uvloop():
    crowd("uvloop", uvicorn("fastapi_truth", loop="uvloop", DATABASE=str(database().port)))


def with_middleware():
    crowd("asyncio with a middleware", uvicorn("fastapi_truth", loop="asyncio", DATABASE=str(database().port), MIDDLEWARE="1"))


def one_after_the_other():
    """300 short requests, every third marked, each of another slot; the unmarked ones leave tasks behind, which go on while the next is served."""
    for loop in "uvloop", "asyncio":
        server = uvicorn("fastapi_truth", loop=loop)
        paths = []
        with Recording("--pid", server.pid, options=SHORT_TICKS) as r, connection(server.port) as one, connection(server.port) as two:
            for n in range(300):
                slot, client = f"{n % CLIENTS:02}", (one, two)[n // 2 % 2]
                if n % 3:
                    fetch(client, f"/do/{slot}/a:0.3/leave:1")
                else:
                    paths.append(f"/do/{slot}/a:0.3/step:0.3/tag:{n}" if n % 2 else f"/def/{slot}/a:0.5/tag:{n}")
                    ask(client, paths[-1])
            r.wait_reports(len(paths))
        reports = r.json()
        name = f"{loop}, one after the other"
        equal([path_of(x) for x in reports], paths, f"{name}: a report for each")
        slots = [path.split("/")[2] for path in paths]
        none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{name}: the contract")
        none([f"{path_of(x)}: {other}" for slot, x in zip(slots, reports) for other in foreign(x, slot)], f"{name}: nothing of the others")
        seen = [path_of(x) for slot, x in zip(slots, reports) if cpu_in(x, f"work_{slot}")]
        ok(len(seen) >= 0.8 * len(paths), f"{name}: and work of its own", f"{len(seen)} of {len(paths)}")


def each_version():
    """Contexts get the addresses of those that are gone, in each version by other rules."""
    found = interpreters()
    skip_missing(found)
    for version, python in found:
        name, server = label_of(version, python), Server([python, f"{SERVERS}/tasks.py"])
        with Recording("--pid", server.pid, options=SHORT_TICKS) as r, Rivals(server, [f"/do/{n:02}/1" for n in range(MARKED, CLIENTS)]):
            asked = [Asked(server, f"/do/{n:02}/2") for n in range(MARKED)]
            truths = [(a.path, a.truth()) for a in asked]
            r.wait_reports(MARKED)
        server.stop()
        rows = matched(r, truths)
        none([f"{path}: {f}" for path, _, x in rows for f in contract.faults(x)], f"{name}: the contract")
        none([f"{path}: {f}" for path, truth, x in rows for f in foreign(x, truth["slot"])], f"{name}: nothing of the others")
        bound(name, rows)


main(uvloop, with_middleware, one_after_the_other, each_version)
