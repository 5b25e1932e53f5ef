#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""gunicorn, sync workers: processes forked before and after attaching, all below one master. Needs root."""
import os
import re
import signal
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, gunicorn, path_of, wait_until
from tap import equal, main, none, ok


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def workers():
    server = gunicorn(workers=2)
    wait_until(lambda: len(children(server.pid)) == 2, "two workers")
    before = children(server.pid)
    served = []
    with Recording("--pid", server.pid) as r:
        equal([re.findall(r", (\d+ workers), ", line) for line in r.log.lines if line.startswith("attached ")], [["2 workers"]],
              "one line for all processes")
        for n in range(10):
            served.append(int(server.get(f"/cpu/{n}?profile=1")[1]))
        os.kill(before[0], signal.SIGKILL)
        wait_until(lambda: len(children(server.pid)) == 2 and before[0] not in children(server.pid), "another worker")
        (new,) = set(children(server.pid)) - set(before)
        wait_until(lambda: int(server.get("/sleep/1")[1]) == new, "the new worker serves")
        with Load(server.port, "/sleep/5", clients=2):
            for n in range(10, 30):
                served.append(int(server.get(f"/cpu/{n % 3}?profile=1")[1]))
        r.wait_reports(30)
    reports = r.json()
    equal([x["request"]["pid"] for x in reports], served, "each report names the process that served")
    ok(new in served, "one of them was forked after attaching")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], "all keep the contract")
    none([x["request"] for x in reports if (x["request"]["status"], x["request"]["cut_off"]) != (200, False)], "status")


main(workers)
