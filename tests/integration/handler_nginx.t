#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""nginx by its handler: TLS, HTTP/2, one request among hundreds on one worker, what it waits for between its turns. Needs root."""
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import (Load, Recording, all_functions, begin_of, connection, cpu_total, fetch, free_port, modules, nginx, path_of, pool, scratch, start,
                     unready, wait_until)
from stalls import Stalls, cycle_probes
from tap import equal, main, measured, none, ok, within

SECURE = ("curl", "-sk", "-w", "%{http_version} %{http_code}\n")


def curl(*args):
    nowhere = [x for arg in args if "://" in arg for x in ("-o", "/dev/null")]
    return subprocess.run([*SECURE, *nowhere, *args], capture_output=True, text=True, timeout=60, check=True).stdout.split("\n")[:-1]


def keeps_contract(reports, what):
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{what}: all keep the contract")
    none([x["request"] for x in reports if (x["request"]["source"], x["request"]["end"]) != ("handler", "seen")], f"{what}: from entry to end")


def by_path(reports, path):
    return [r for r in reports if path_of(r) == path]


def awaited(report):
    return [(a["cause"], a["object"], round(a["duration_ns"] / 1e6)) for a in report["awaits"] if a["duration_ns"] > 5e6]


def protocols():
    """The same request over HTTP/1.1, TLS and HTTP/2."""
    backend, port = pool(), free_port()
    server = nginx(backend.port, tls=port)
    url = f"https://127.0.0.1:{port}"
    with Recording("--port", server.port, "--handler", "nginx") as r:
        fetched = [fetch_one(server, f"{path}?profile=1") for path in ("/hello", "/do/sleep:40", "/absent")]
        equal(fetched, [200, 200, 404], "over HTTP/1.1")
        equal(curl("--http1.1", f"{url}/hello?profile=1", f"{url}/do/sleep:40?profile=1"), ["1.1 200"] * 2, "over TLS")
        equal(curl("--http2", f"{url}/hello?profile=1", f"{url}/do/sleep:40?profile=1", f"{url}/do/sleep:40"), ["2 200"] * 3, "over HTTP/2")
        equal(curl("--http2", "--parallel", *[f"{url}/do/sleep:{n}?profile=1" for n in (60, 90, 120)]), ["2 200"] * 3, "three at once")
        r.wait_reports(10)
    reports = r.json()
    equal(len(reports), 10, "one request, one report")
    keeps_contract(reports, "protocols")
    equal(sorted(q["http_version"] for q in (x["request"] for x in reports)), ["1.1"] * 5 + ["2.0"] * 5, "versions")
    equal(sorted(x["request"]["status"] for x in reports), [200] * 9 + [404], "statuses")
    none([x["request"] for x in reports if not re.fullmatch(r"127\.0\.0\.1:\d+", x["request"]["remote"] or "")], "addresses")
    slow = by_path(reports, "/do/sleep:40")
    equal([{a[:2] for a in awaited(x)} for x in slow], [{("network", f"127.0.0.1:{backend.port}")}] * 3, "the upstream is named")
    for x in slow:
        # It sleeps from when it is asked, and nginx works until it waits.
        measured(40e6 - cpu_total(x) - unready(x) <= x["time"]["classes_ns"]["suspended"] <= x["time"]["wall_ns"],
                 "and waited for as long as it takes", x["time"])
        equal(x["time"]["ambiguous_ns"], 0, "nothing of it is ambiguous")
    streams = [by_path(reports, f"/do/sleep:{n}")[0] for n in (60, 90, 120)]
    walls = [x["time"]["wall_ns"] for x in streams]
    ok(all(n * 1e6 <= wall for n, wall in zip((60, 90, 120), walls)) and walls == sorted(walls), "streams of one connection: each has its own time",
       walls)
    begins = [begin_of(x) for x in streams]
    ok(max(begins) < min(b + wall for b, wall in zip(begins, walls)), "… and all at once", begins)
    for s in server, backend:
        s.stop()


def automatic():
    """Nobody has named the handler: it is probed when TLS is spoken, for what the sockets do not show."""
    backend, port = pool(), free_port()
    server = nginx(backend.port, tls=port)
    plain, url = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{port}"
    with Recording("--port", server.port) as r:
        curl(f"{url}/hello", f"{plain}/hello")
        r.log.wait(r"^handler nginx: probed")
        curl("--http2", f"{url}/do/sleep:1?profile=1", f"{url}/do/sleep:2?profile=1")
        curl("--http1.1", f"{url}/do/sleep:3?profile=1", f"{url}/do/sleep:4?profile=1")
        curl(f"{plain}/do/sleep:5?profile=1", f"{plain}/do/sleep:6?profile=1")
        r.wait_reports(6)
    reports = r.json()
    equal(sorted((path_of(x)[-1], x["request"]["source"], x["request"]["http_version"]) for x in reports),
          [("1", "handler", "2.0"), ("2", "handler", "2.0"), ("3", "handler", "1.1"), ("4", "handler", "1.1"), ("5", "http", "1.1"),
           ("6", "http", "1.1")],
          "one request, one report")
    for s in server, backend:
        s.stop()


def fetch_one(server, path):
    return server.get(path)[0]


BELIEVED = 100                  # calls of which the handler is looked at in full, and some


def marked_among_unmarked():
    """Of most requests only the length of the query is read: a mark is seen all the same, wherever it is."""
    server = nginx()
    unmarked = ["/files/small.txt"] * BELIEVED
    for what, options, paths, marked in (
            ("in the query", (), ["/hello?profile=1", "/hello", "/hello?a=1", "/files/small.txt?a=1&profile=1", "/absent?profile=1&b", "/absent?"],
             [("/absent?profile=1&b", 404), ("/files/small.txt?a=…&profile=1", 200), ("/hello?profile=1", 200)]),
            ("by the path", ("-m", "path:/hello"), ["/absent", "/hello", "/hello?a=1"], [("/hello", 200), ("/hello?a=…", 200)])):
        with Recording("--port", server.port, "--handler", "nginx", options=options) as r, connection(server.port) as c:
            for path in unmarked + paths:
                fetch(c, path)
            r.wait_reports(len(marked))
        equal(sorted((x["request"]["target"], x["request"]["status"]) for x in r.json()), marked, f"{what}: those that are marked")
    server.stop()


def subrequests():
    """A page of two parts that are fetched from the upstream: they are the page's."""
    backend = pool()
    server = nginx(backend.port)
    with Recording("--port", server.port, "--handler", "nginx") as r:
        equal(server.get("/pages/page?profile=1")[0], 200, "the page")
        r.wait_reports(1)
    reports = r.json()
    equal([path_of(x) for x in reports], ["/pages/page"], "one report")
    keeps_contract(reports, "subrequests")
    measured(150e6 <= reports[0]["time"]["wall_ns"] < 250e6, "both parts are fetched at the same time", reports[0]["time"])
    equal({a[:2] for a in awaited(reports[0])}, {("network", f"127.0.0.1:{backend.port}")}, "their upstream is named")
    server.stop()
    backend.stop()


def worker_of(server):
    path = f"/proc/{server.pid}/task/{server.pid}/children"

    def children():
        with open(path, encoding="utf-8") as f:
            return f.read().split()

    wait_until(children, "it has a worker")
    return children()[0]


def cpu_of_worker(server):
    """CPU time of the worker so far, in ns."""
    with open(f"/proc/{worker_of(server)}/schedstat", encoding="utf-8") as f:
        return int(f.read().split()[0])


def alone():
    """What is compressed in many turns, for a client that takes its time: all its CPU is found."""
    server = nginx()
    with Recording("--port", server.port, "--handler", "nginx") as r:
        before = cpu_of_worker(server)
        equal(curl("--compressed", "--limit-rate", "20M", f"http://127.0.0.1:{server.port}/gzip/text?profile=1"), ["1.1 200"], "fetched")
        truth = cpu_of_worker(server) - before
        r.wait_reports(1)
    report = r.json()[0]
    keeps_contract([report], "alone")
    within(cpu_total(report) / truth * 100, 100, 2, "its CPU time is that of the worker")
    server.stop()


def cpu_by_perf(record, pid, module, begin, end):
    """Between two monotonic times, in ns."""
    command = ["perf", "script", "-i", record, "-G", "-F", "time,ip,sym,dso", "--ns", "--pid", str(pid)]
    lines = subprocess.run(command, capture_output=True, text=True, check=True).stdout.splitlines()
    samples = [line for line in lines if begin <= float(line.split(":")[0]) < end]
    ok(float(lines[0].split(":")[0]) < begin, "perf has begun before")
    return sum(module in line for line in samples) * PERF_NS


def cpu_in(report, module):
    """The weight of the samples whose innermost frame is of this module."""
    s = report["samples"]
    leaves = [(modules(report, stack) or [None])[0] for stack in s["stack"]]
    return sum(weight for weight, leaf in zip(s["weight_ns"], leaves) if module in (leaf or ""))


PERF_NS = 125000


def compressed():
    """What is compressed among what is not: libz's CPU time, as perf sees it, and as the marked requests, which alone use it, say."""
    backend = pool(workers=100)
    server = nginx(backend.port)
    record = f"{scratch('perf')}/data"
    # Both sample so often that what is left to chance is a fraction of a percent. Not `perf record -p`: that restarts its clock at each switch.
    perf = ["perf", "record", "-q", "-e", "cpu-clock", "-c", str(PERF_NS), "-k", "CLOCK_MONOTONIC", "-o", record, "-a"]
    with Recording("--port", server.port, "--handler", "nginx", options=("-i", "250us")) as r:
        with Load(server.port, "/do/sleep:20", clients=60, pause=0.05), Load(server.port, "/files/large.bin", clients=4, pause=0.2):
            seen = start(perf)
            wait_until(lambda: os.path.exists(record) and os.path.getsize(record) > 0, "perf records")
            time.sleep(1)
            begin = time.monotonic()
            with connection(server.port) as c:
                for _ in range(4):
                    fetch(c, "/gzip/text?profile=1", {"Accept-Encoding": "gzip"})
            end = time.monotonic()
            seen.send_signal(signal.SIGINT)
            seen.wait(60)
        r.wait_reports(4)
    reports = r.json()
    keeps_contract(reports, "compressed")
    within(sum(cpu_in(x, "libz.so") for x in reports) / cpu_by_perf(record, worker_of(server), "libz.so", begin, end) * 100, 100, 2,
           "the time of compressing is what perf says")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"]], "compressed: nothing is ambiguous")
    server.stop()
    backend.stop()


def crowd():
    """Marked requests of three kinds among hundreds of others: the upstream of one, and no frame of anybody else."""
    backend = pool(workers=100)
    server = nginx(backend.port)
    with Recording("--port", server.port, "--handler", "nginx") as r:
        with Load(server.port, "/do/sleep:20", clients=60, pause=0.05), Load(server.port, "/files/large.bin", clients=8, pause=0.2):
            with Load(server.port, "/gzip/large.bin", clients=2, pause=0.1, headers={"Accept-Encoding": "gzip"}), connection(server.port) as c:
                for _ in range(3):
                    fetch(c, "/do/sleep:40?profile=1")
                    fetch(c, "/gzip/text?profile=1", {"Accept-Encoding": "gzip"})
                    fetch(c, "/hello?profile=1")
                r.wait_reports(9)
    reports = r.json()
    keeps_contract(reports, "crowd")
    for x in by_path(reports, "/do/sleep:40"):
        equal({a[:2] for a in awaited(x) if a[0] == "network"}, {("network", f"127.0.0.1:{backend.port}")}, "the upstream is named")
    others = {"/do/sleep:40": r"deflate|sendfile", "/hello": r"deflate|sendfile|upstream|proxy", "/gzip/text": r"upstream|proxy|sendfile"}
    for path, foreign in others.items():
        these = by_path(reports, path)
        equal(len(these), 3, f"{path}: three")
        none([f for x in these for f in all_functions(x) if re.search(foreign, f) and "chain" not in f], f"{path}: no frame of another request")
        none([x["time"] for x in these if x["time"]["ambiguous_ns"]], f"{path}: nothing is ambiguous")
    ok(any("deflate" in f for x in by_path(reports, "/gzip/text") for f in all_functions(x)), "compressing is in the stacks of what is compressed")
    for s in server, backend:
        s.stop()


def come_and_go():
    """Probes are attached and detached while requests are served."""
    server = nginx(workers=2)
    with Stalls(server) as s:
        said = cycle_probes("nginx", server, 10)
    equal(said["cycles"], 10, "attached and detached ten times")
    ok(s.sent > 100 and not s.failed, "no request has failed", (s.sent, s.failed, s.longest))
    server.stop()


main(protocols, subrequests, automatic, marked_among_unmarked, alone, compressed, crowd, come_and_go)
