#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A server in namespaces of its own for mounts, processes and users, whose program and scripts have paths that lead nowhere outside. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import SERVERS, Recording, Server, connection, scratch, waits_of
from python_reports import SHORT_TICKS, ask, bound, matched, sound
from tap import equal, main, ok

PATHS = ["/run/03/10", "/submit/04/10", "/map/05/60"]    # the last one by two threads at once, which contend for the GIL


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(n) for n in f.read().split()]


class Contained(Server):
    """Its pid is that of the server: init of its namespace, a child of unshare."""

    def __init__(self, *namespaces):
        command = ["unshare", *namespaces, "--mount", "--pid", "--fork", "--kill-child"]
        super().__init__([*command, f"{SERVERS}/jail", scratch("jail"), SERVERS, "handed.py"])
        self.pid, = children(self.process.pid)


def paths_of(report, kind, key):
    return {f[key] for f in report["frames"] if f["kind"] == kind and f[key]}


def check(name, server, target):
    with Recording(*target, options=SHORT_TICKS) as r, connection(server.port) as c:
        truths = [(path, ask(c, path)) for path in PATHS]
        r.wait_reports(len(truths))
    ok(r.log.find(rf"attached {server.pid} handed.py: CPython 3\.\d+, asyncio, 1 worker, listens on 127\.0\.0\.1:{server.port}"),
       f"{name}: is recognised", r.log.text)
    rows = matched(r, truths)
    sound(name, rows)
    bound(name, rows)
    equal({x["request"]["pid"] for _, _, x in rows}, {server.pid}, f"{name}: the ids are those of who asks")
    ok(all({"/srv/handed.py", "/srv/measured.py"} <= paths_of(x, "python", "file") for _, _, x in rows), f"{name}: paths are its own",
       [paths_of(x, "python", "file") for _, _, x in rows])
    ok(any("/srv/python3" in paths_of(x, "native", "module") for _, _, x in rows), f"{name}: that of its program, too",
       [paths_of(x, "native", "module") for _, _, x in rows])
    holders = {w["object"].partition(" ")[0] for _, _, x in rows for w in waits_of(x, "gil") if w["object"]}
    threads = {f"[{t['tid']}]" for _, _, x in rows for t in x["threads"]}
    ok(holders and all("[" + h.rpartition("[")[2] in threads and not h.startswith("[") for h in holders),
       f"{name}: who held the GIL, by its name and id here", (holders, threads))


def contained():
    for name, namespaces in ("root's", []), ("a user's", ["--user", "--map-root-user"]):
        server = Contained(*namespaces)
        check(f"{name} container by its pid", server, ["--pid", server.pid])
        check(f"{name} container by its port", server, ["--port", server.port])
        os.kill(server.pid, 9)
        server.stop()


main(contained)
