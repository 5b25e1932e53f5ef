#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP as it is not in the examples: the table of tests/lib/oddities.py, every case on a connection of its own. Needs root."""
import json
import os
import re
import socket
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import PATIENCE, PYTHON, SERVERS, Recording, Server, path_of, scratch, wait_until
from oddities import FORGED, all_cases, get, post, write
from tap import equal, main, none, ok

MS = 1_000_000


class Scripted(Server):
    def __init__(self):
        super().__init__([PYTHON, f"{SERVERS}/scripted.py", scratch("scripted")], stdin=subprocess.PIPE)
        self.address = {"tcp": ("127.0.0.1", self.port), "tcp6": ("::1", int(self.output.wait(r"^port6 (\d+)$")[1])),
                        "unix": self.output.wait(r"^unix (.*)$")[1]}
        self.finished = 0

    def connect(self, listener, steps):
        """Has the next connection served by these steps, and connects."""
        self.process.stdin.write(json.dumps({"listener": listener, "steps": steps}) + "\n")
        self.process.stdin.flush()
        s = socket.socket({"tcp": socket.AF_INET, "tcp6": socket.AF_INET6, "unix": socket.AF_UNIX}[listener])
        s.settimeout(PATIENCE)
        s.connect(self.address[listener])
        return s

    def wait_done(self):
        self.finished += 1
        wait_until(lambda: self.output.lines.count("done") >= self.finished or self._ended(), f"connection {self.finished} is served")


def act(s, actions):
    """The client's side."""
    for action in [actions] if isinstance(actions, bytes) else actions:
        if isinstance(action, bytes):
            s.sendall(action)
        elif action == "reset":
            s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            s.close()
        else:
            time.sleep(action)


def run(server, case):
    with server.connect(case.listener, case.steps) as s:
        try:
            act(s, case.send)
            while s.fileno() >= 0 and s.recv(65536):
                pass
        except ConnectionError:
            pass
        server.wait_done()


def written(case):
    return sum(len(step[2]) for step in case.steps if step[0] == "write")


def one_request(case):
    """Is all that is read and written that of the one request?"""
    return case.send == case.bytes_sent and case.reports == 1 and case.bytes_sent.count(b" HTTP/1") == 1


def expected(case):
    values = {"cut_off": case.expect.get("end") == "cut_off", "status": 200, "end": "seen", "begin": "seen"}
    if one_request(case):
        values |= {"bytes_in": len(case.bytes_sent.lstrip(b"\r\n")), "bytes_out": written(case)}
    values |= case.expect
    return {k: v for k, v in values.items() if v is not None}


def off(case, report):
    """What the report says otherwise than the case."""
    q, times = report["request"], report["time"] | report["time"]["classes_ns"]
    for key, value in expected(case).items():
        if key == "cut_off" and isinstance(case.expect.get("end"), tuple):
            continue
        if q[key] not in (value if isinstance(value, tuple) else (value,)):
            yield f"{key}: {q[key]!r}, expected {value!r}"
    for key, value in case.least_ms.items():
        if times[key] < value * MS:
            yield f"{key}: {times[key]}, expected at least {value} ms"
    yield from contract.faults(report)


def table():
    server, cases = Scripted(), list(all_cases())
    with Recording("--pid", server.pid) as r:
        for case in cases:
            run(server, case)
        last = server.connect("tcp", [["read", "recv", 65536, len(get("last"))], write()])
        last.sendall(get("last"))
        last.recv(100)
        server.wait_done()
        wait_until(lambda: r.reports.find("/last"), "the last report")
    by_name = {}
    for report in r.json():
        by_name.setdefault(path_of(report).rpartition("/")[2], []).append(report)
    for case in cases:
        got = by_name.pop(case.name, []) + by_name.pop(f"{case.name}-2", [])
        faults = [f"{len(got)} reports, expected {case.reports}"] if len(got) != case.reports else []
        none(faults + [f for report in got for f in off(case, report)], case.name)
        case.got = got
    equal(sorted(by_name), ["last"], "there is no report of anything else")
    ok(r.log.find("8 KB"), "a request line that is too long is told", r.log.text)
    addresses({case.name: case.got[0]["request"] for case in cases if case.got}, server)
    secrets(r)


def addresses(requests, server):
    for name, local, remote in [("read-by-recv", rf"127\.0\.0\.1:{server.port}", r"127\.0\.0\.1:\d+"),
                                ("over-ipv6", rf"\[::1\]:{server.address['tcp6'][1]}", r"\[::1\]:\d+"),
                                ("over-unix", f"unix:{server.address['unix']}", "unix:")]:
        q = requests.get(name, {"local": "", "remote": ""})
        ok(re.fullmatch(local, q["local"]) and re.fullmatch(remote, q["remote"]), f"{name}: addresses", q)


def secrets(r):
    found = [name for name in os.listdir(r.where) for text in [open(f"{r.where}/{name}", "rb").read()] if b"secret-value" in text]
    none(found, "query values are in no file")
    ok("secret-value" not in r.reports.text + r.log.text, "nor in what is printed")


def joined(kind):
    """Connections that were open at attach: read on from a request that follows a response, never from the middle of a body."""
    server = Scripted()
    first, second, third = get("open", ""), get("open-2", ""), get("joined")
    old = server.connect(kind, [s for data in (first, second, third) for s in (["read", "recv", 65536, len(data)], write())])
    old.sendall(first)
    wait_until(lambda: old.recv(100), "the response before")
    with Recording("--pid", server.pid) as r:
        for data in second, third:
            old.sendall(data)
            old.recv(100)
        server.wait_done()
    reports = r.json()
    equal([(path_of(x), x["request"]["begin"]) for x in reports], [("/joined", "joined")], f"{kind}: an open connection is joined")
    none([f for x in reports for f in contract.faults(x)], f"{kind}: joined: the contract")


def joined_in_body(kind):
    server = Scripted()
    body = post("body", FORGED * 3, "")
    n = len(body) - 3 * len(FORGED)
    part = ["read", "recv", len(FORGED), len(FORGED)]
    old = server.connect(kind, [["read", "recv", 65536, n], write("HTTP/1.1 100 Continue\r\n\r\n"), part, part, part, write()])
    old.sendall(body[:n])
    old.recv(100)
    with Recording("--pid", server.pid) as r:
        for _ in range(3):
            old.sendall(FORGED)
            time.sleep(0.02)
        old.recv(100)
        server.wait_done()
    equal([path_of(x) for x in r.json()], [], f"{kind}: the middle of a body is not joined")


def open_connections():
    for kind in "tcp", "unix":
        joined(kind)
        joined_in_body(kind)


main(table, open_connections)
