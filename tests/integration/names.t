#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The process that finds names: what it may do, and what its end costs. Needs root."""
import glob
import os
import re
import signal
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import NOBODY, Recording, all_functions, environment, pool, scratch, wait_until
from tap import equal, main, none, ok

ENDED = r"the process that finds names was ended by signal 11"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def child_of(pid):
    """Its only child, once it is there."""
    return int(wait_until(lambda: read(f"/proc/{pid}/task/{pid}/children"), f"a child of {pid}"))


def processes(r):
    """Worker and names."""
    worker = child_of(r.process.pid)
    names = child_of(worker)
    wait_until(lambda: read(f"/proc/{names}/comm") == "reqprof-names\n", "the process that finds names")
    return worker, names


def alive(*pids):
    return [pid for pid in pids if os.path.exists(f"/proc/{pid}")]


def maps(pid, what):
    return any(line.endswith(what) for line in read(f"/proc/{pid}/maps").splitlines())


def end_names(r):
    """A new one is there. The old one may be waiting to be collected for a moment."""
    worker, old = processes(r)
    os.kill(old, signal.SIGSEGV)
    wait_until(lambda: not alive(old), f"{old} is collected")
    return old, processes(r)[1]


def whole(name, reports):
    none([f"{name}: {f}" for x in reports for f in contract.faults(x)], f"{name}: the contract")
    none([(x["request"]["status"], x["lost"]) for x in reports
          if x["request"]["status"] != 200 or x["lost"]["samples"] or x["lost"]["waits"] or x["lost"]["frames_unknown"]], f"{name}: nothing is lost")
    none([all_functions(x) for x in reports if not {"compute_a", "operate", "serve"} <= all_functions(x)], f"{name}: all names")
    none([x for x in reports if not any(f["kind"] == "kernel" and f["module"] == "kernel" for f in x["frames"])], f"{name}: also the kernel's")


def walls():
    server = pool()
    where = scratch("walls")
    os.chown(where, NOBODY, NOBODY)
    with Recording("--pid", server.pid, where=where, env=environment(SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY))) as r:
        worker, _ = processes(r)
        _, names = end_names(r)     # the next one starts from a worker that has more to give away
        server.get("/do/a:20/sleep:5?profile=1")
        r.wait_reports(1)
        status = read(f"/proc/{names}/status")
        ids = "\t".join([str(NOBODY)] * 4)
        ok(f"Uid:\t{ids}\n" in status and f"Gid:\t{ids}\n" in status, "it is the user behind sudo", status)
        ok(all(f"{c}:\t0000000000000000\n" in status for c in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")), "without capabilities", status)
        ok("NoNewPrivs:\t1\n" in status, "and cannot gain any", status)
        limits = read(f"/proc/{names}/limits")
        ok(re.search(rf"^Max address space +{4 << 30} +{4 << 30} ", limits, re.M) and re.search(r"^Max core file size +0 +0 ", limits, re.M),
           "its memory is limited", limits)
        links = sorted(os.readlink(path) for path in glob.glob(f"/proc/{names}/fd/*"))
        equal([x for x in links if not x.startswith("socket:")], ["/dev/null"] * 3 + ["/proc/kallsyms"], "it holds nothing of the worker's")
        equal(len([x for x in links if x.startswith("socket:")]), 2, "but one socket to the worker and one to the tracer")
        equal([maps(pid, "bpf-map") for pid in (worker, names)], [True, False], "nor the memory that the kernel shares with the worker")
        equal([maps(pid, "/tests/servers/pool") for pid in (worker, names)], [False, True], "it reads the target's files, the worker does not")
        status = r.stop()
        equal((status, alive(worker, names)), (0, []), "at the end nothing is left of them")
    whole("walls", r.json())


def ends_during_a_request():
    server = pool()
    with Recording("--pid", server.pid) as r:
        server.get("/do/a:5/sleep:5?profile=1")
        r.wait_reports(1)
        asked = threading.Thread(target=server.get, args=["/do/a:300/sleep:300?profile=1"])
        asked.start()
        wait_until(lambda: r.process.send_signal(signal.SIGUSR1) or len(r.reports.lines) > 1, "a live request")
        old, new = end_names(r)
        asked.join()
        wait_until(lambda: not [x for x in r.json() if x["request"]["cut_off"]], "the report of it")
        server.get("/do/a:5/sleep:5?profile=1")
        wait_until(lambda: len(r.json()) == 3, "a report after it")
        worker, _ = processes(r)
        equal(r.stop(), 0, "it ends during a request: exit status 0")
        equal(alive(worker, old, new), [], "ends: nothing is left of them")
    whole("ends", r.json())
    equal(len([line for line in r.log.lines if re.search(ENDED, line)]), 1, "ends: said once")
    equal(len([line for line in r.log.lines if "names" in line]), 1, "ends: and nothing else of names")


def ends_with_the_tracer():
    server = pool()
    with Recording("--pid", server.pid) as r:
        worker, names = processes(r)
        r.process.kill()
        r.process.wait()
        wait_until(lambda: not alive(worker, names), "both end with the tracer")
        ok(True, "the tracer is killed: both end")


def ends_with_the_worker():
    server = pool()
    with Recording("--pid", server.pid) as r:
        worker, names = processes(r)
        os.kill(worker, signal.SIGKILL)
        equal(r.end(), 1, "the worker is killed: exit status 1")
        wait_until(lambda: not alive(names), "it ends with the worker")
        ok(True, "and names end with it")


main(walls, ends_during_a_request, ends_with_the_tracer, ends_with_the_worker)
