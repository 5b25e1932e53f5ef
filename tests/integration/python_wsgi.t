#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Flask and Django below gunicorn: sync workers, threads, and gevent, where one thread serves many without saying so. Needs root."""
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Load, Recording, connection, gunicorn, unready, wait_until
from python_reports import (MS, Asked, ask, bound, classes, cpu_by_truth, cpu_in, lasted_by_truth, lasted_in, matched, names, shares, sound,
                            waited_in)
from tap import main, none, none_off, ok

PATHS = ["/def/03/a:28/b:12", "/def/03/json:20/block:20/sql:20"] * 3
SLOTS = 8


def common(name, rows):
    sound(name, rows)
    bound(name, rows)
    shares(name, [row for row in rows if "/a:" in row[0]], ["compute_a", "compute_b"])
    slept = [(lasted_in(r, "block"), lasted_by_truth(t, "block"), waited_in(r, "block", "sleep") + unready(r))
             for path, t, r in rows if "block" in path]
    none_off([row for row in slept if abs(row[0] - row[1]) > 2 * MS or row[2] < 15 * MS], f"{name}: time.sleep")
    tids = [(t["calls"][0]["tid"], {x["tid"] for x in r["threads"] if x["cpu_ns"]}) for _, t, r in rows]
    none([(tid, seen) for tid, seen in tids if tid not in seen], f"{name}: in the thread that served")
    none_off([classes(r) for _, _, r in rows if r["time"]["ambiguous_ns"] > 0.02 * r["time"]["wall_ns"]], f"{name}: hardly anything is ambiguous")


def serve(name, server, prefix):
    """One after the other, beside clients that nobody asked about."""
    wait_until(lambda: server.get("/hello")[0] == 200, "it serves")
    with Recording("--pid", server.pid) as r:
        ok(r.log.find(r"^attached \d+ .*CPython 3\.11\b"), f"{name}: the start line names the runtime", r.log.text)
        with Load(server.port, "/hello", clients=2, pause=0.02):
            truths = []
            for path in PATHS:
                with connection(server.port) as c:
                    truths.append((path, ask(c, path)))
            r.wait_reports(len(PATHS))
    rows = matched(r, truths)
    common(name, rows)
    none([names(x, s) for _, _, x in rows for s in set(x["samples"]["stack"]) if "compute_a" in names(x, s) and prefix not in names(x, s)],
         f"{name}: below {prefix}")


def together(name, server):
    """Eight at once, half of them marked, each in a thread of its own."""
    wait_until(lambda: server.get("/hello")[0] == 200, "it serves")
    begin = threading.Barrier(SLOTS)
    with Recording("--pid", server.pid) as r:
        asked = [Asked(server, f"/def/{n:02}/a:15/block:5/b:15", "?profile=1" if n % 2 else "", begin) for n in range(SLOTS)]
        truths = [(a.path, a.truth()) for a in asked]
        r.wait_reports(SLOTS // 2)
    return matched(r, [row for n, row in enumerate(truths) if n % 2])


def flask_sync():
    serve("Flask, sync workers", gunicorn(2, "flask_truth:application"), "dispatch_request")


def flask_threads():
    server = gunicorn(1, "flask_truth:application", ("--threads", "8"))
    serve("Flask, threads", server, "dispatch_request")
    rows = together("Flask, threads", server)
    sound("Flask, threads at once", rows)
    bound("Flask, threads at once", rows)
    none([classes(r) for _, t, r in rows if sum(c["wall_ns"] - c["cpu_ns"] for c in t["calls"]) > 20 * MS and not r["time"]["classes_ns"]["gil"]],
         "Flask, threads at once: they wait for the GIL")


def django_sync():
    serve("Django, sync workers", gunicorn(1, "django_truth:wsgi"), "get_response")


def gevent():
    """Greenlets switch below Python: what cannot be bound is ambiguous, and never another's."""
    server = gunicorn(1, "flask_truth:application", ("--worker-class", "gevent"))
    rows = together("gevent", server)
    sound("gevent", rows, ambiguous=True, greenlets=True)
    none([f"{cpu_in(r, 'work_' + t['slot'])} of {cpu_by_truth(t)}: {classes(r)}" for _, t, r in rows
          if cpu_in(r, f"work_{t['slot']}") + r["time"]["ambiguous_ns"] < 0.98 * sum(cpu_by_truth(t).values()) - MS],
         "gevent: what is not bound is ambiguous")
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        truths = [(PATHS[0], ask(c, PATHS[0])) for _ in range(2)]
        r.wait_reports(2)
    sound("gevent, alone", matched(r, truths), ambiguous=True, greenlets=True)


main(flask_sync, flask_threads, django_sync, gevent)
