#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A known server that keeps its URLs elsewhere than its version says: what came over the connection tells. Needs root."""
import os
import shutil
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import BUILD, Load, Recording, Server, free_port, nginx, path_of, scratch
from tap import equal, main, ok
from web_servers import lighttpd

DIFFERS = r"\d+ calls?: of a handler, not reported: where its URL should be is not what came over the connection"


def serve():
    port = free_port()
    name = f"{scratch('moved')}/h2o"
    shutil.copy(f"{BUILD}/tests/servers/moved", name)
    return Server([name, port], port)


def told(r):
    return [(path_of(x), x["request"]["status"]) for x in r.json()]


def right():
    server = serve()
    with Recording("--pid", server.pid, "--handler", "h2o") as r:
        for path in "/a?profile=1", "/" + "b" * 200 + "?profile=1", "/c?profile=1":
            server.get(path)
        r.wait_reports(3)
    equal(told(r), [("/a", 200), ("/" + "b" * 200, 200), ("/c", 200)], "where it should be: reported")
    ok(not r.log.find(DIFFERS), "and nothing is said", r.log.lines)
    server.stop()


def wrong():
    """It looks like a URL, with a marker, and is not the one that was asked for."""
    server = serve()
    with Recording("--pid", server.pid, "--handler", "h2o") as r:
        for _ in range(3):
            server.get("/moved?profile=1")
        r.log.wait(DIFFERS)
        equal(told(r), [], "elsewhere: not reported, and said")
        server.get("/a?profile=1")
        r.wait_reports(1)
    equal(told(r), [("/a", 200)], "one that agrees is, and it is believed from then on")
    server.stop()


def agreeing():
    """Servers whose version is known, with a crowd from the first call on."""
    for name, server, path in ("nginx", nginx(), "/hello"), ("lighttpd", lighttpd(free_port()), "/small.txt"):
        with Load(server.port, path, clients=8, pause=0.003), Recording("--port", server.port, "--handler", name) as r:
            for _ in range(5):
                server.get(f"{path}?a=b&profile=1")
            r.wait_reports(5)
        ok(not r.log.find(DIFFERS), f"{name}: none differs", r.log.lines)
        server.stop()


def named():
    """What a user says holds."""
    server = serve()
    spec = "h2o_process_request,url=arg1->path.bytes:arg1->path.len,status=arg1->status,end=h2o_dispose_request"
    with Recording("--pid", server.pid, "--handler", spec) as r:
        server.get("/moved?profile=1")
        r.wait_reports(1)
    equal(told(r), [("/elsewhere", 200)], "an expression of one's own is not doubted")
    server.stop()


main(right, wrong, agreeing, named)
