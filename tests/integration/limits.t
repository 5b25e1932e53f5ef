#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What outsiders can send is bounded, and what was refused is told; and the ends that a user asks for. Needs root."""
import os
import re
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Recording, http_server, path_of, pool
from tap import equal, main, measured, none, ok, within

MS = 1_000_000


def hundred_at_once():
    server, n = pool(workers=100), 100
    with Recording("--pid", server.pid, "--max-rate", "0", limits=True) as r:
        threads = [threading.Thread(target=server.get, args=("/do/sleep:400?profile=1",)) for _ in range(n)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        r.stop()
    reports = r.json()
    refused = int((r.log.find(r"(\d+) marked requests refused, ") or [0, 0])[1])
    equal(len(reports) + refused, n, f"{len(reports)} of {n} at once are recorded, the others refused and counted")
    ok(r.log.find("--max-live raises it"), "the option that raises the limit is told", r.log.text)
    starts = sorted((x["request"]["start"], x["time"]["wall_ns"]) for x in reports)
    ok(4 <= len(starts) < 50, "--max-live is 4", starts)
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], "the contract")
    ok(any(x["lost"]["refused_live"] for x in reports), "reports say what was refused meanwhile", [x["lost"] for x in reports])


def rate():
    server = pool()
    with Recording("--pid", server.pid, "--max-rate", "3/h", limits=True) as r:
        for _ in range(10):
            server.get("/do/a:1?profile=1")
        r.stop()
    equal(len(r.json()), 3, "--max-rate 3/h: three")
    ok(r.log.find("7 marked requests refused") and r.log.find("--max-rate raises it"), "seven are refused and told", r.log.text)


def count():
    server = pool()
    with Recording("--pid", server.pid, "-n", "2") as r:
        for _ in range(2):
            server.get("/do/a:1?profile=1")
        equal(r.end(), 0, "-n 2: ends by itself with 0")
    equal(len(r.json()), 2, "-n 2: two reports")


def duration():
    server = pool()
    with Recording("--pid", server.pid, "-d", "500ms") as r:
        server.get("/do/a:1?profile=1")
        equal(r.end(), 0, "-d: ends by itself with 0")
    equal(len(r.json()), 1, "-d: with its report")


def longest():
    server = http_server()
    with Recording("--pid", server.pid, "--max-time", "300ms") as r:
        equal(server.get("/sleep/2500?profile=1")[0], 200, "--max-time: the request is answered")
        server.get("/sleep/1?profile=1")
        r.wait_reports(2)
    reports = r.json()
    equal([(x["request"]["end"], x["request"]["status"]) for x in reports], [("cut_off", 0), ("seen", 200)], "--max-time: the long one is cut off")
    measured(reports and 300 * MS <= reports[0]["time"]["wall_ns"] < 2400 * MS, "--max-time: cut where it says", [x["time"] for x in reports])
    within(reports[0]["time"]["classes_ns"]["sleep"], reports[0]["time"]["wall_ns"], 100 * MS, "--max-time: the wait that was open is in it")
    none([f for x in reports for f in contract.faults(x)], "--max-time: the contract")


def interval():
    server = pool()
    for options, per_s in (["-i", "200us"], 5000), (["-F", "100"], 100):
        with Recording("--pid", server.pid, *options) as r:
            server.get("/do/a:400?profile=1")
            r.wait_reports(1)
        report = r.json()[0]
        within(report["about"]["ticks"], 0.4 * per_s, 0.4 * per_s * 0.1 + 3, f"{' '.join(options)}: so many samples")
        equal(report["about"]["interval_ns"], 10**9 // per_s, f"{' '.join(options)}: about says it")


def seen_lines():
    """The line of a report, word for word."""
    server = pool()
    with Recording("--pid", server.pid) as r:
        server.get("/do/a:20/sleep:10?id=7&profile=1")
        r.wait_reports(1)
    line = r.reports.lines[0]
    ok(re.fullmatch(r"\d\d:\d\d:\d\d\.\d{3}  GET /do/a:20/sleep:10\?id=…&profile=1  200  \d+\.\d ms  ttfb \d+\.\d  cpu \d+\.\d \(kernel \d+\.\d\)  "
                    r"wait \d+\.\d \(sleep \d+\.\d(, [a-z ]+ \d+\.\d){0,2}\)  "
                    r"→ \S+/\d{8}T\d{6}\.\d{3}-GET-do-a-20-sleep-10-200-\d+ms-[0-9a-f]{6}\.json", line),
       "the line of a report", line)


main(hundred_at_once, rate, count, duration, longest, interval, seen_lines)
