#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""h2o by its handler: HTTP/1.1, TLS, HTTP/2; named, and found when it is needed. Needs root."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Recording, free_port, h2o, path_of
from tap import equal, main, none


def curl(*args):
    nowhere = [x for arg in args if "://" in arg for x in ("-o", "/dev/null")]
    command = ["curl", "-sk", "-w", "%{http_version} %{http_code}\n", *nowhere, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split("\n")[:-1]


def ask(server, port):
    plain, tls = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{port}"
    equal(curl(f"{plain}/a.txt?profile=1"), ["1.1 200"], "over HTTP/1.1")
    equal(curl("--http1.1", f"{tls}/b.txt?profile=1", f"{tls}/b.txt"), ["1.1 200"] * 2, "over TLS")
    equal(curl("--http2", f"{tls}/c.txt?profile=1", f"{tls}/absent?profile=1"), ["2 200", "2 404"], "over HTTP/2")


def reported(r, sources):
    r.wait_reports(4)
    reports = r.json()
    paths = {"/a.txt": 200, "/b.txt": 200, "/c.txt": 200, "/absent": 404}
    equal([(x["request"]["source"], x["request"]["method"], path_of(x), x["request"]["status"], x["request"]["end"]) for x in reports],
          [(source, "GET", path, status, "seen") for source, (path, status) in zip(sources, paths.items())], "one request, one report")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], "all keep the contract")


def named():
    port = free_port()
    server = h2o(port)
    with Recording("--port", server.port, "--handler", "h2o") as r:
        ask(server, port)
        reported(r, ["handler"] * 4)
    server.stop()


def automatic():
    port = free_port()
    server = h2o(port)
    with Recording("--port", server.port) as r:
        curl(f"https://127.0.0.1:{port}/a.txt")
        r.log.wait(r"^handler h2o: probed")
        ask(server, port)
        reported(r, ["http"] + ["handler"] * 3)
    server.stop()


main(named, automatic)
