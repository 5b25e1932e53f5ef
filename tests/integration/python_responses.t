#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""FastAPI's kinds of responses: streams, events without end, work after the response, errors, with and without a middleware. Needs root."""
import json
import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Load, Recording, begin_of, connection, database, fetch, path_of, uvicorn, wait_until
from python_reports import (BOUND, MS, SHORT_TICKS, ask, bound, classes, cpu_by_truth, cpu_in, foreign, matched, shares, sound, waited_in,
                            waits_in)
from tap import equal, main, measured, none, ok, within

STREAM = "/stream/03/a:10/sleep:5/b:20/a:10/sleep:5/a:10"
AFTER = "/after/03/a:20/sleep:10/b:10"
FAIL = ["/do/03/fail:20", "/def/03/fail:20"]
EVENTS = "/events/03/a:12/sleep:5/b:6"


def streams(name, server):
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        with Load(server.port, "/other/1", clients=4, pause=0.02), connection(server.port) as c:
            truths = [(STREAM, ask(c, STREAM)) for _ in range(3)]
            r.wait_reports(len(truths))
    rows = matched(r, truths)
    sound(f"{name}, streams", rows)
    shares(f"{name}, streams", rows, ["compute_a", "compute_b"])
    bound(f"{name}, streams", rows)
    none([x["request"] for _, _, x in rows if (x["request"]["status"], x["request"]["end"]) != (200, "seen")],
         f"{name}, streams: the last chunk is the end")
    none([classes(x) for _, t, x in rows if x["time"]["wall_ns"] < sum(cpu_by_truth(t).values()) + 9 * MS], f"{name}, streams: none before")


def failures(name, server):
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        with Load(server.port, "/other/1", clients=4, pause=0.02):
            for path in FAIL:
                with connection(server.port) as c:      # the server closes it
                    ask(c, path, status=500)
            r.wait_reports(len(FAIL))
    reports = r.json()
    equal([(path_of(x), x["request"]["status"]) for x in reports], [(path, 500) for path in FAIL], f"{name}, errors: status 500")
    sound(f"{name}, errors", [(path_of(x), "03", x) for x in reports])
    for x in reports:
        late = 0.06 * MS * len(waits_in(x, "fail", "run_queue"))
        took = cpu_in(x, "fail")
        measured(18 * MS <= took <= 22 * MS + late, f"{name}, {path_of(x)}: what raised it is seen", f"{took} ns, 20 ms by its clock")


def truth_of(server, path):
    status, body = server.get(f"/truth{path}")
    return json.loads(body) if status == 200 else None


def own_ns(report):
    """Of its wall time what others are not to blame for."""
    classes_ns = report["time"]["classes_ns"]
    return report["time"]["wall_ns"] - classes_ns["run_queue"] - classes_ns["loop_busy"]


def after(name, server):
    """Half of the tasks' work is in the loop's thread, half in the pool's; neither belongs to the request's time."""
    paths = [f"{AFTER}/tag:{i}" for i in range(3)]
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        with Load(server.port, "/other/1", clients=2, pause=0.02), connection(server.port) as c:
            for path in paths:
                assert fetch(c, f"{path}?profile=1")[0] == 200
                wait_until(lambda path=path: truth_of(server, path), f"what {path} did")
        truths = [(path, truth_of(server, path)) for path in paths]
        r.wait_reports(len(paths))
    rows = matched(r, truths)
    sound(f"{name}, after", rows)
    none([(x["request"], x["tasks"], classes(x), x["lost"]) for _, _, x in rows if x["after"] is None], f"{name}, after: there is something")
    none([t for _, t, x in rows if cpu_in(x, "work_03")], f"{name}, after: not in the request's own samples")
    expected = sum(sum(cpu_by_truth(t).values()) for _, t in truths)
    parts = [(x, x["after"]) for _, _, x in rows if x["after"]]
    most = sum(c["wall_ns"] for _, t in truths for c in t["calls"]) - sum(waited_in(x, "work_03", part=part) for x, part in parts)
    measured(BOUND * expected <= sum(cpu_in(x, "work_03", part) for x, part in parts) <= 1.02 * most, f"{name}, after: all of the tasks' CPU time",
             f"{[cpu_in(x, 'work_03', part) for x, part in parts]} of {expected}")
    tids = {c["tid"] for _, t in truths for c in t["calls"]}
    seen = {thread["tid"] for _, part in parts for thread in part["threads"] if thread["cpu_ns"]}
    ok(tids <= seen, f"{name}, after: in the loop's thread and the pool's", f"{seen}, it says {tids}")
    # A clock is read after the other: 1 ms.
    since_1970 = time.time_ns() - time.monotonic_ns()
    none([(x["time"], t["calls"]) for _, t, x in rows if begin_of(x) + x["time"]["wall_ns"] > t["calls"][0]["begin_ns"] + since_1970 + MS],
         f"{name}, after: the wall time ends before")


def events():
    """A stream that never ends is cut off, with what it did until then."""
    server = uvicorn("fastapi_truth")
    with Recording("--pid", server.pid, options=("--max-time", "1s")) as r:
        with Load(server.port, "/other/1", clients=2, pause=0.02), connection(server.port) as c:
            c.request("GET", f"{EVENTS}?profile=1")
            response = c.getresponse()
            seen = []
            while not r.reports.lines:
                line = response.readline()
                if line.startswith(b"data: "):
                    seen.append(json.loads(line[6:]))
            r.wait_reports(1)
    (x,) = r.json()
    equal((x["request"]["status"], x["request"]["end"], x["request"]["cut_off"]), (200, "cut_off", True), "events: cut off")
    sound("events", [(EVENTS, "03", x)])
    a, b = cpu_in(x, "compute_a"), cpu_in(x, "compute_b")
    within(100 * a / max(1, a + b), 100 * 2 / 3, 2, "events: the shares of what they do")
    done = [call for call in seen[-1]["calls"] if call["function"] in ("compute_a", "compute_b")]
    measured(0 < a + b <= sum(c["cpu_ns"] for c in done) * 1.02 + 20 * MS, "events: no more than was done", f"{a + b} of {seen[-1]}")
    measured(a + b >= 0.5 * own_ns(x), "events: and most of the second", f"{a + b} of {x['time']}")
    ok(x["request"]["bytes_out"] > 200 and not foreign(x, "03"), "events: bytes out", x["request"])


def plain():
    server = uvicorn("fastapi_truth", loop="uvloop")
    for part in streams, failures, after:
        part("uvloop", server)


def with_middleware():
    server = uvicorn("fastapi_truth", loop="asyncio", DATABASE=str(database().port), MIDDLEWARE="1")
    for part in streams, failures, after:
        part("asyncio with a middleware", server)


main(plain, with_middleware, events)
