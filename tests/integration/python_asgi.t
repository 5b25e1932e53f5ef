#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""FastAPI and Django below other ASGI servers than one uvicorn: hypercorn, gunicorn with uvicorn's workers, uvicorn --workers. Needs root."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Load, Recording, connection, database, gunicorn, hypercorn, uvicorn, wait_until
from python_reports import SHORT_TICKS, Asked, ask, bound, matched, shares, sound
from tap import main, none, ok

PATHS = ["/do/03/a:28/b:12", "/def/03/a:28/b:12", "/do/03/gather:10/db:10/thread:10", "/do/03/sleep:5/a:21/sleep:5/b:9"]
REPEAT = 2
TASK, POOL = "/do/{}/a:10/sleep:5/b:10", "/def/{}/a:10/block:5/b:10"
SLOTS = 8
ENV = {"DATABASE": str(database().port)}
# Hypercorn closes a connection behind FastAPI's response, whatever it said.
CLOSE = {"Connection": "close"}


# Hypercorn hands a request from the task of its connection to another one: among several requests it is not known which task works for which, and
# that must be said.
AMONG_OTHERS = {"ambiguous": True}


def serve(name, server, start_line, **among):
    wait_until(lambda: server.get("/hello")[0] == 200, "it serves")
    paths = PATHS * REPEAT
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        ok(r.log.find(start_line), f"{name}: the start line", r.log.text)
        with Load(server.port, "/hello", clients=4, pause=0.02, headers=CLOSE), connection(server.port) as c:
            truths = [(path, ask(c, path, headers=CLOSE)) for path in paths]
            r.wait_reports(len(paths))
    rows = matched(r, truths)
    sound(name, rows, **among)
    if among:
        return
    bound(name, rows)
    shares(name, [row for row in rows if "/b:" in row[0]], ["compute_a", "compute_b"])


def together(name, server, **among):
    """Eight at once, half of them marked."""
    begin = threading.Barrier(SLOTS)
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        asked = [Asked(server, (TASK if n % 4 < 2 else POOL).format(f"{n:02}"), "?profile=1" if n % 2 else "", begin) for n in range(SLOTS)]
        truths = [(a.path, a.truth()) for a in asked]
        r.wait_reports(SLOTS // 2)
    rows = matched(r, [row for n, row in enumerate(truths) if n % 2])
    sound(f"{name}, at once", rows, **among)
    if not among:
        bound(f"{name}, at once", rows)


def alone(name, server):
    """Each on a connection of its own, for which tasks are made before the request's: which is which is known from the first response on."""
    wait_until(lambda: server.get("/hello")[0] == 200, "it serves")
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        truths = []
        for path in ["/do/03/a:28/sleep:5/b:12"] * 4:
            with connection(server.port) as c:
                truths.append((path, ask(c, path, headers=CLOSE)))
        r.wait_reports(len(truths))
    rows = matched(r, truths)
    sound(f"{name}, alone", rows)
    bound(f"{name}, alone", rows)


def hypercorn_fastapi():
    server = hypercorn("fastapi_truth:app", **ENV)
    alone("hypercorn", server)
    serve("hypercorn", server, r"^attached \d+ .*CPython 3\.11, asyncio\b")
    together("hypercorn", server, **AMONG_OTHERS)


def hypercorn_uvloop():
    server = hypercorn("fastapi_truth:app", ("--worker-class", "uvloop"), **ENV)
    serve("hypercorn with uvloop", server, r"^attached \d+ .*CPython 3\.11, uvloop\b", **AMONG_OTHERS)


def hypercorn_django():
    server = hypercorn("django_truth:asgi", **ENV)
    serve("Django", server, r"^attached \d+ .*CPython 3\.11, asyncio\b")
    together("Django", server, **AMONG_OTHERS)


def uvicorn_below_gunicorn():
    server = gunicorn(2, "fastapi_truth:app", ("--worker-class", "uvicorn.workers.UvicornWorker"), **ENV)
    serve("gunicorn with uvicorn's workers", server, r"^attached \d+ .*CPython 3\.11, uvloop, 2 workers\b")
    together("gunicorn with uvicorn's workers", server)


def uvicorn_workers():
    server = uvicorn("fastapi_truth", options=("--workers", "2"), **ENV)
    serve("uvicorn --workers 2", server, r"^attached \d+ .*CPython 3\.11, uvloop, 2 workers\b")
    with Recording("--port", str(server.port)) as r, connection(server.port) as c:
        truths = [(path, ask(c, path)) for path in PATHS[:1]]
        r.wait_reports(1)
    sound("--port", matched(r, truths))
    none([line for line in r.log.lines if "resource_tracker" in line], "--port: multiprocessing's helpers are no servers")


main(hypercorn_fastapi, hypercorn_uvloop, hypercorn_django, uvicorn_below_gunicorn, uvicorn_workers)
