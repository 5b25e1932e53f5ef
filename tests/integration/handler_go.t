#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Go's net/http, and a function of a program in Go: goroutines that move between threads, TLS, HTTP/2, panics. Needs root."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import BUILD, Load, Recording, Server, certificate, cpu_of, cpu_total, free_port, path_of, scratch
from tap import equal, main, none, ok, within

PROGRAM = f"{BUILD}/tests/servers/handler-go"


def serve(program=PROGRAM):
    cert, key = certificate(scratch("go"))
    port, tls = free_port(), free_port()
    server = Server([program, f"127.0.0.1:{port}", f"127.0.0.1:{tls}", cert, key], port)
    return server, f"http://127.0.0.1:{port}", f"https://127.0.0.1:{tls}"


def curl(*args):
    p = subprocess.run(["curl", "-sk", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", *args], capture_output=True, text=True, timeout=60,
                       check=False)
    return p.stdout


def checked(reports, n, what):
    equal(len(reports), n, f"{what}: one request, one report")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{what}: all keep the contract")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"]], f"{what}: nothing is ambiguous")


def lone():
    server, plain, tls = serve()
    with Recording("--pid", server.pid, "--handler", "go") as r:
        equal([curl(f"{plain}/cpu:60/sleep:40?profile=1"), curl("--http2", f"{tls}/cpu:60/sleep:40?profile=1")], ["1.1 200", "2 200"], "answered")
        r.wait_reports(2)
    checked(r.json(), 2, "lone")
    for x in r.json():
        wall = x["time"]["wall_ns"]
        equal((x["request"]["method"], x["request"]["target"], x["request"]["status"]), ("GET", "/cpu:60/sleep:40?profile=1", 200), "what it is")
        within(cpu_of(x, "main.compute") / 60e6 * 100, 100, 2, "what it computes, by its own clock")
        c = x["time"]["classes_ns"]     # its thread may have to wait before it gives up the goroutine
        ok(40e6 <= c["suspended"] + c["run_queue"] and c["suspended"] <= wall - 60e6, "and its sleep", x["time"])
    server.stop()


def crowd():
    """Among others that do something else, on the same threads."""
    server, plain, tls = serve()
    with Recording("--pid", server.pid, "--handler", "main.handle,url=arg3->RequestURI,method=arg3->Method") as r:
        with Load(server.port, "/sleep:3/cpu:1", clients=8, pause=0.005):
            for _ in range(4):
                curl(f"{plain}/sleep:20?profile=1")
                curl("--http2", f"{tls}/ask:20?profile=1")
                curl(f"{plain}/panic?profile=1")
            r.wait_reports(12, 90)
    reports = r.json()
    checked(reports, 12, "crowd")
    for path in "/sleep:20", "/ask:20":
        these = [x for x in reports if path_of(x) == path]
        none([f"{path}: {cpu_of(x, 'main.compute')}" for x in these if cpu_of(x, "main.compute")], f"{path}: no frame of another request")
        none([cpu_total(x) for x in these if cpu_total(x) > 4e6], f"{path}: and no CPU time")
        none([x["request"] for x in these if x["request"]["end"] != "seen"], f"{path}: from entry to return")
    panicked = [x["request"]["end"] for x in reports if path_of(x) == "/panic"]
    ok(set(panicked) <= {"inferred", "cut_off"}, "left by a panic: its end is inferred", panicked)
    server.stop()


def statuses():
    """As the handler sets it, or as the server answers when it sets none; a connection that was taken over has none that is known."""
    paths = {"/": 200, "/silent": 200, "/status:404": 404, "/status:500": 500, "/status:204/silent": 204}
    for program in PROGRAM, f"{PROGRAM}-anywhere", f"{PROGRAM}-bare":
        what = os.path.basename(program)
        server, plain, tls = serve(program)
        with Recording("--pid", server.pid, "--handler", "go") as r:
            for path, status in paths.items():
                answers = [curl(f"{plain}{path}?profile=1"), curl("--http2", f"{tls}{path}?profile=1")]
                equal(answers, [f"1.1 {status}", f"2 {status}"], f"{what}: answered")
            equal(curl(f"{plain}/take?profile=1"), "1.1 418", f"{what}: answered by a handler that has taken the connection")
            curl(f"{plain}/panic?profile=1")
            r.wait_reports(2 * len(paths) + 1)
        found = sorted((path_of(x), x["request"]["status"]) for x in r.json() if path_of(x) != "/panic")
        equal(found, sorted([*paths.items(), *paths.items(), ("/take", None)]), f"{what}: what was answered")
        none([x["request"]["status"] for x in r.json() if path_of(x) == "/panic" and x["request"]["status"]], f"{what}: nothing after a panic")
        server.stop()


main(lone, crowd, statuses)
