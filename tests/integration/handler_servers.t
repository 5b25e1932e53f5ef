#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers whose handlers a user names: libmicrohttpd's callback, hyper's async fn; and nginx before uvicorn, over TLS, among 64 connections.
Needs root."""
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import BUILD, Load, Recording, Server, all_functions, cpu_of, free_port, nginx, path_of, uvicorn
from tap import equal, main, measured, none, ok, within


def kept(reports, n, what):
    equal(len(reports), n, f"{what}: one request, one report")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{what}: all keep the contract")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"]], f"{what}: nothing is ambiguous")


def microhttpd():
    port = free_port()
    server = Server([f"{BUILD}/tests/servers/microhttpd", port], port)
    with Recording("--pid", server.pid, "--handler", "answer,url=arg3,method=arg4", options=("-m", "path:/cpu:*")) as r:
        with Load(server.port, "/sleep:5", clients=6, pause=0.01):
            for _ in range(2):
                equal(server.get("/cpu:60/sleep:20")[0], 200, "answered")
            r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "libmicrohttpd")
    for x in reports:
        q, time = x["request"], x["time"]
        equal((q["method"], q["target"], q["status"], q["end"]), ("GET", "/cpu:60/sleep:20", None, "seen"), "what it is")
        within(cpu_of(x, "compute") / 60e6 * 100, 100, 2, "what it computes, by its own clock")
        measured(r.sleeps(x, 20e6), "and its sleep", time)
    server.stop()


def polled():
    """The symbol of the function that polls what handles a request."""
    listed = subprocess.run(["nm", f"{BUILD}/tests/servers/hyper"], capture_output=True, text=True, check=True).stdout
    its = re.compile(r" [tT] (_RNCNv\w*_12hyper_server6handle0B\S*|_RNv\w*GenFutureNCNv\w*_12hyper_server6handle0E\w*4poll\S*)$", re.MULTILINE)
    return its.search(listed)[1]


def rust():
    """hyper: a function of the handler that has the request, and the one that polls the async fn."""
    server = Server([f"{BUILD}/tests/servers/hyper"])
    path = "arg1->head.uri.path_and_query.data.bytes"
    with Recording("--pid", server.pid, "--handler", f"hyper_server::begin,url={path}.ptr:{path}.len") as r:
        with Load(server.port, "/sleep:5", clients=6, pause=0.01):
            for _ in range(2):
                equal(server.get("/cpu:60/sleep:20?profile=1")[0], 201, "answered")
            r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "hyper")
    for x in reports:
        q = x["request"]
        equal((q["target"], q["end"]), ("/cpu:60/sleep:20?profile=1", "seen"), "hyper: what it is")
        within(cpu_of(x, "hyper_server::compute") / 60e6 * 100, 100, 2, "hyper: what it computes, by its own clock")
    with Recording("--pid", server.pid, "--handler", polled(), options=("-n", "2")) as r:
        equal(server.get("/cpu:60/sleep:20")[0], 201, "answered")
        r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "hyper, polled")
    computed = [cpu_of(x, "hyper_server::compute") for x in reports]
    within(computed[0] / 60e6 * 100, 100, 2, "hyper, polled: what the first poll computes, by its own clock")
    ok(not computed[1] and reports[1]["time"]["wall_ns"] < 20e6, "hyper, polled: the one after its sleep has none of it", reports[1]["time"])
    server.stop()


def proxy():
    backend, port = uvicorn(), free_port()
    server = nginx(backend.port, tls=port)
    with Recording("--port", server.port, "--handler", "nginx") as r:
        with Load(server.port, "/hello", clients=32, pause=0.02), Load(server.port, "/files/large.bin", clients=32, pause=0.1):
            curl = ["curl", "-sk", "-o", "/dev/null", "-w", "%{http_version} %{http_code}", f"https://127.0.0.1:{port}/do/hello?profile=1"]
            for version in "--http2", "--http1.1":
                said = subprocess.run([*curl, version], capture_output=True, text=True, timeout=60, check=True).stdout
                ok(said in ("2 404", "1.1 404"), "answered by the upstream", said)
            r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "proxy")
    for x in reports:
        awaited = {a["object"] for a in x["awaits"] if a["cause"] == "network"}
        equal(awaited, {f"127.0.0.1:{backend.port}"}, "what it waits for is the upstream")
        none([f for f in all_functions(x) if f and "sendfile" in f and "chain" not in f], "no frame of another request")
    server.stop()
    backend.stop()


main(microhttpd, rust, proxy)
