#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Python's http.server, blocking, one thread for all and a thread for every connection. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, connection, cpu_total, fetch, http_server, path_of, unready
from tap import equal, main, measured, none, ok, within

MS = 1_000_000


def common(name, reports, paths):
    equal([path_of(r) for r in reports], paths, f"{name}: a report of every marked request, of no other")
    none([f"{path_of(r)}: {f}" for r in reports for f in contract.faults(r)], f"{name}: all keep the contract")
    none([r["request"] for r in reports if (r["request"]["status"], r["request"]["end"]) != (200, "seen")], f"{name}: status, end")


def threaded():
    server = http_server(threaded=True)
    paths = ["/cpu/50", "/sleep/50", "/hello"] * 3
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/cpu/0.2", clients=4, pause=0.05), connection(server.port) as c:
            for path in paths:
                fetch(c, f"{path}?profile=1")
            r.wait_reports(len(paths))
    reports = r.json()
    common("threaded", reports, paths)
    none([(path_of(r), r["time"]) for r in reports if r["time"]["ambiguous_ns"] or r["time"]["classes_ns"]["unknown"] > r["time"]["wall_ns"] * 0.01],
         "threaded: a thread that blocks is the request's own, all of its time is known")
    for r in (r for r in reports if path_of(r) == "/sleep/50"):
        asleep, late = r["time"]["classes_ns"]["sleep"], sum(r["time"]["classes_ns"][c] for c in ("run_queue", "gil"))
        measured(asleep >= 50 * MS - unready(r), "threaded: time.sleep is a sleep", r["time"])
        within(asleep + late, r["time"]["wall_ns"], 2 * MS, "threaded: and all that there is, but for getting back to work")
    for r in (r for r in reports if path_of(r) == "/cpu/50"):
        measured(50 * MS <= cpu_total(r) <= 60 * MS, "threaded: computes", r["time"])


def single():
    """Its thread serves one connection after the other; between two it sits in poll with one descriptor."""
    server = http_server(threaded=False)
    paths = [f"/cpu/{n}" for n in range(1, 6)]
    with Recording("--pid", server.pid) as r:
        for path in paths:
            server.get("/hello")
            server.get(f"{path}?profile=1")
        r.wait_reports(len(paths))
    reports = r.json()
    common("single", reports, paths)
    none([r["time"] for r in reports if r["time"]["in_flight_max"] != 1], "single: never two at once")


def bodies():
    """A marked request line inside of a body, in a segment of its own, is no request."""
    server = http_server(threaded=True)
    forged = b"GET /forged?profile=1 HTTP/1.1\r\nHost: x\r\n\r\n"
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        for marked in False, True:
            c.putrequest("POST", "/echo?profile=1" if marked else "/echo")
            c.putheader("Content-Length", str(3 * len(forged)))
            c.endheaders()
            for _ in range(3):
                c.send(forged)
            ok(c.getresponse().read() == forged * 3, "the server got the body")
        fetch(c, "/after?profile=1")
        r.wait_reports(2)
    reports = r.json()
    common("bodies", reports, ["/echo", "/after"])
    equal([m["name"] for m in reports[0]["request"]["marks"]], ["head_read", "body_read", "first_response_byte"], "bodies: marks")


main(threaded, single, bodies)
