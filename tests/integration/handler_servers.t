#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers whose handlers a user names: libmicrohttpd's callback; and nginx before uvicorn, over TLS, among 64 connections. Needs root."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import BUILD, Load, Recording, Server, all_functions, cpu_of, free_port, nginx, path_of, uvicorn
from tap import equal, main, none, ok, within


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
        within(time["classes_ns"]["sleep"] / 20e6 * 100, 100, 2, "and its sleep")
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


main(microhttpd, proxy)
