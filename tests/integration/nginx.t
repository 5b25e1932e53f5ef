#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""nginx: one event loop for all, files by sendfile, a proxy before the thread pool. Needs root."""
import os
import re
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, all_functions, connection, fetch, nginx, path_of, pool
from tap import equal, main, none, ok


def marks(report):
    return [m["name"] for m in report["request"]["marks"]]


def by_path(reports, path):
    return [r for r in reports if path_of(r) == path]


def loaded():
    backend = pool()
    server = nginx(backend.port)
    sizes = {"/hello": 6, "/files/small.txt": 100, "/files/large.bin": 1 << 20}
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/hello", pause=0.005) as load, connection(server.port) as c:
            for _ in range(5):
                for path, size in sizes.items():
                    status, body = fetch(c, f"{path}?profile=1")
                    assert (status, len(body)) == (200, size)
            fetch(c, "/do/a:20/sleep:30?profile=1")
            fetch(c, "/absent?profile=1&q=secret-value")
            r.wait_reports(17)
        seen = load.sent
    reports = r.json()
    equal(len(reports), 17, f"a report of every marked request, of none of {seen} others")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], "all keep the contract")
    for path, size in sizes.items():
        these = by_path(reports, path)
        equal([x["request"]["status"] for x in these], [200] * 5, f"{path}: five, status 200")
        none([x["request"]["bytes_out"] for x in these if not size < x["request"]["bytes_out"] < size + 400], f"{path}: bytes out, head and body")
        none([x["request"] for x in these if x["request"]["end"] != "seen" or x["request"]["begin"] != "seen"], f"{path}: begin and end are seen")
        none([marks(x) for x in these if marks(x) != ["head_read", "first_response_byte"]], f"{path}: marks")
        none([x["request"]["local"] for x in these if x["request"]["local"] != f"127.0.0.1:{server.port}"], f"{path}: local address")
        none([x["request"]["remote"] for x in these if not re.fullmatch(r"127\.0\.0\.1:\d+", x["request"]["remote"])], f"{path}: remote address")
    none([x["request"] for x in reports if x["request"]["pid"] == server.pid or x["request"]["method"] != "GET"
          or x["request"]["http_version"] != "1.1"], "process (the worker's), method and version")
    absent = by_path(reports, "/absent")[0]["request"]
    equal((absent["status"], absent["target"]), (404, "/absent?profile=1&q=…"), "a 404, its query values masked")
    ok("sendfile" in " ".join(f for x in by_path(reports, "/files/large.bin") for f in all_functions(x)),
       "sendfile is in the stacks of the large file")
    proxied = by_path(reports, "/do/a:20/sleep:30")[0]
    ok(proxied["time"]["wall_ns"] >= 50_000_000, "the proxied request lasts as long as its backend works", proxied["time"])
    ok(proxied["time"]["ambiguous_ns"] >= 40_000_000, "its time after the return to the event loop is ambiguous, not guessed", proxied["time"])
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"] < x["time"]["classes_ns"]["unknown"] - x["time"]["wall_ns"] * 0.01 - 5000],
         "what is unknown is ambiguous")
    return backend


def both_ends():
    """The proxy and its backend recorded by one process: the marked URL is forwarded, so each hop makes a report."""
    backend = pool()
    server = nginx(backend.port)
    with Recording("--pid", f"{server.pid},{backend.pid}") as r:
        status, _ = server.get("/do/sleep:20?profile=1")
        r.wait_reports(2)
    reports = r.json()
    equal((status, sorted(x["request"]["local"] for x in reports)), (200, sorted(f"127.0.0.1:{s.port}" for s in (server, backend))),
          "a report of each hop")
    front = next((x for x in reports if x["request"]["local"].endswith(f":{server.port}")), None)
    back = next((x for x in reports if x["request"]["local"].endswith(f":{backend.port}")), None)
    ok(front and back and front["time"]["wall_ns"] > back["time"]["wall_ns"], "the outer one lasts longer")


def workers():
    """Two workers, started before; marked requests end up in both."""
    server = nginx(workers=2)
    with Recording("--port", server.port) as r:
        for _ in range(20):
            server.get("/hello?profile=1")
        r.wait_reports(20)
    equal(len(r.json()), 20, "--port: every worker that listens there")


main(loaded, both_ends, workers)
