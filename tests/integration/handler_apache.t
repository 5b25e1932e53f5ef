#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Apache httpd by its handler, with threads and with processes: TLS, HTTP/2, an upstream. Needs root."""
import os
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, apache, cpu_total, free_port, path_of, pool, unready, waits_of
from tap import equal, main, measured, none, ok


def curl(*args):
    nowhere = [x for arg in args if "://" in arg for x in ("-o", "/dev/null")]
    command = ["curl", "-sk", "-w", "%{http_version} %{http_code}\n", *nowhere, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split("\n")[:-1]


def children(server):
    return subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True).stdout.split()


def settle(server):
    """It starts processes as it needs them: a new one has its probes some ms after its birth."""
    before = None
    while before != (now := children(server)):
        before = now
        time.sleep(1.5)


def requests(mpm, secure):
    backend, port = pool(workers=32), free_port()
    server = apache(mpm, backend.port, port)
    plain, tls = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{port}"
    paths = ("/small.txt?profile=1", "/do/sleep:40?profile=1", "/absent?a=b&profile=1")
    with Recording("--port", server.port, "--handler", "apache") as r:
        started = len(children(server))
        with Load(server.port, "/do/sleep:20", clients=8, pause=0.02):
            settle(server)
            equal(curl(*[plain + p for p in paths]), ["1.1 200", "1.1 200", "1.1 404"], f"{mpm}: over HTTP/1.1")
            equal(curl(*[tls + p for p in paths]), [f"{secure} 200", f"{secure} 200", f"{secure} 404"], f"{mpm}: over TLS")
            r.wait_reports(6)
            grown = len(children(server))
    reports = r.json()
    equal(len(reports), 6, f"{mpm}: one request, one report")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{mpm}: all keep the contract")
    equal(sorted(x["request"]["http_version"] for x in reports), sorted(["1.1"] * 3 + ([f"{secure}.0"] if secure == "2" else [secure]) * 3),
          f"{mpm}: versions")
    equal(sorted((x["request"]["method"], x["request"]["target"], x["request"]["status"]) for x in reports),
          sorted([("GET", "/absent?a=…&profile=1", 404), ("GET", "/do/sleep:40?profile=1", 200), ("GET", "/small.txt?profile=1", 200)] * 2),
          f"{mpm}: methods, targets, statuses")
    for x in (x for x in reports if path_of(x) == "/do/sleep:40"):
        wait = max(waits_of(x, "network"), key=lambda w: w["duration_ns"])
        equal(wait["object"].split(" ")[0], f"127.0.0.1:{backend.port}", f"{mpm}: the upstream is named")
        # It sleeps from when it is asked, and apache works until it waits.
        measured(40e6 - cpu_total(x) - unready(x) <= wait["duration_ns"] <= x["time"]["wall_ns"], f"{mpm}: and waited for as long as it takes", wait)
    ok(mpm == "event" or grown > started, f"{mpm}: some of them by processes that it has started meanwhile", f"{started} {grown}")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"]], f"{mpm}: nothing is ambiguous")
    server.stop()
    backend.stop()


def automatic():
    """Nobody has named the handler: it is probed when TLS is spoken, for what the sockets do not show."""
    backend, port = pool(workers=32), free_port()
    server = apache("event", backend.port, port)
    plain, tls = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{port}"
    with Recording("--port", server.port) as r:
        curl(f"{tls}/small.txt", f"{plain}/small.txt")
        r.log.wait(r"^handler apache: probed")
        curl("--http2", f"{tls}/do/sleep:1?profile=1", f"{tls}/do/sleep:2?profile=1")
        curl("--http1.1", f"{tls}/do/sleep:3?profile=1", f"{tls}/do/sleep:4?profile=1")
        curl(f"{plain}/do/sleep:5?profile=1", f"{plain}/do/sleep:6?profile=1")
        r.wait_reports(6)
    equal(sorted((path_of(x)[-1], x["request"]["source"], x["request"]["http_version"]) for x in r.json()),
          [("1", "handler", "2.0"), ("2", "handler", "2.0"), ("3", "handler", "1.1"), ("4", "handler", "1.1"), ("5", "http", "1.1"),
           ("6", "http", "1.1")],
          "one request, one report")
    server.stop()
    backend.stop()


def threads():
    requests("event", "2")


def processes():
    requests("prefork", "1.1")


main(automatic, threads, processes)
