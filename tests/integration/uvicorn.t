#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""FastAPI on uvicorn, uvloop: counts, framing, marks and the partition. Needs root."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import PATIENCE, Load, Recording, connection, fetch, path_of, uvicorn, wait_until
from tap import equal, main, measured, none, none_off, ok

MS = 1_000_000


def marks(report):
    return [m["name"] for m in report["request"]["marks"]]


def loaded():
    server = uvicorn()
    paths = ["/hello", "/cpu/20", "/sleep/30", "/thread/20", "/stream/10"] * 3
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/hello", clients=8, pause=0.02) as load, connection(server.port) as c:
            for path in paths:
                status, _ = fetch(c, f"{path}?profile=1")
                assert status == 200
            status, body = fetch(c, "/echo?profile=1", method="POST", body=b"GET /forged?profile=1 HTTP/1.1\r\n\r\n" * 2000)
            assert body == b'{"length":68000}', body
            fetch(c, "/cpu/x?profile=1")
            r.wait_reports(len(paths) + 2)
        seen = load.sent
    reports = r.json()
    equal([path_of(x) for x in reports], paths + ["/echo", "/cpu/x"], f"a report of every marked request, of none of {seen} others")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], "all keep the contract")
    none([x["request"]["status"] for x in reports[:-1] if x["request"]["status"] != 200], "status 200")
    equal(reports[-1]["request"]["status"], 422, "status 422")
    echo = reports[-2]
    equal(marks(echo), ["head_read", "body_read", "first_response_byte"], "marks of a request with a body")
    ok(68000 < echo["request"]["bytes_in"] < 68400, "bytes in, head and body", echo["request"])
    none([marks(x) for x in reports[:-2] if marks(x) != ["head_read", "first_response_byte"]], "marks of requests without")
    none([x["request"] for x in reports if x["request"]["end"] != "seen"], "ends are seen, of chunked responses too")
    # The loop's timers have a resolution of 1 ms.
    for path, least in ("/cpu/20", 20), ("/sleep/30", 29), ("/thread/20", 20), ("/stream/10", 16):
        none([x["time"]["wall_ns"] for x in reports if path_of(x) == path and x["time"]["wall_ns"] < least * MS], f"{path} lasts as long")
    none_off([x["time"] for x in reports if path_of(x) == "/sleep/30" and x["time"]["classes_ns"]["suspended"] < 25 * MS],
             "a task that sleeps awaits, whatever the loop does meanwhile")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"] < x["time"]["classes_ns"]["unknown"] - x["time"]["wall_ns"] * 0.01 - 5000],
         "what is unknown is ambiguous")
    none([x["time"]["in_flight_max"] for x in reports if not 1 <= x["time"]["in_flight_max"] <= 9], "in flight: the clients and this one at most")


def alone():
    """One request at a time: the thread is the request's own until it returns to its loop."""
    server = uvicorn()
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        for _ in range(5):
            fetch(c, "/cpu/50?profile=1")
            r.wait_reports(1)
    reports = r.json()
    none([f for x in reports for f in contract.faults(x)], "alone: the contract")
    none([x["time"] for x in reports if x["time"]["in_flight_max"] != 1], "alone: nothing else in flight")
    cpu = [sum(x["time"]["classes_ns"][c] for c in ("cpu_user", "cpu_kernel", "interrupt")) for x in reports]
    measured(sorted(cpu)[2] >= 45 * MS, "an async def that computes is seen at work: its task starts before the loop waits again",
             [x["time"] for x in reports])


def queued():
    """Requests that lie in their socket while the loop computes for another one, each in two pieces: from the first piece on."""
    server = uvicorn()
    lay = []
    with Recording("--pid", server.pid) as r, connection(server.port) as busy, socket.create_connection(("127.0.0.1", server.port), PATIENCE) as s:
        for _ in range(4):
            busy.request("GET", "/cpu/150")
            time.sleep(0.02)
            s.sendall(b"GET /hello?pro")
            came = time.monotonic_ns()
            time.sleep(0.03)
            s.sendall(b"file=1 HTTP/1.1\r\nHost: x\r\n\r\n")
            busy.getresponse().read()
            lay.append(time.monotonic_ns() - came)
            assert s.recv(65536).startswith(b"HTTP/1.1 200")
        r.wait_reports(len(lay))
    queue = [x["time"]["socket_queue_ns"] for x in r.json()]
    none_off([f"{q} of {truth} ns" for q, truth in zip(queue, lay) if q is None or abs(q - truth) > 10 * MS], "queued: as long as they lay there")


def crowd():
    """Marked requests from eight clients at once: each has its report, all in one process."""
    server = uvicorn()
    n = 40
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/hello?profile=1", clients=8, pause=0.05) as load:
            wait_until(lambda: load.sent >= n, f"{n} requests")
        r.wait_reports(load.sent)
        sent = load.sent
    reports = r.json()
    equal(len(reports), sent, "reports = marked requests, eight at once")
    equal(len({x["request"]["id"] for x in reports}), sent, "each with an id of its own")
    none([f for x in reports for f in contract.faults(x)], "crowd: the contract")


main(loaded, alone, queued, crowd)
