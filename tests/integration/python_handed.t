#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Plain functions handed to a ThreadPoolExecutor, by 16 requests at once which share its threads, or to new threads, four of them marked: each report
has its own work and nothing of any other's, also where others run theirs in contexts that are no copies. Needs root."""
import itertools
import os
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import SERVERS, Recording, Server, connection
from python_reports import SHORT_TICKS, Asked, Rivals, ask, bound, classes, foreign, idle_in_calls, matched, sound
from pythons import interpreters, label_of, skip_missing
from tap import main, none

CLIENTS, MARKED = 16, 4
MODES = ["run", "submit", "map", "chain", "fail", "thread"]


def crowd(name, command):
    server = Server(command)
    others = [f"/{mode}/{n:02}/1" for n, mode in zip(range(MARKED, CLIENTS), itertools.cycle([*MODES, "fresh"]))]
    truths = []
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r, Rivals(server, others):
        for mode in MODES:
            begin = threading.Barrier(MARKED)
            asked = [Asked(server, f"/{mode}/{n:02}/4", begin=begin) for n in range(MARKED)]
            truths += [(a.path, a.truth()) for a in asked]
        r.wait_reports(len(truths))
    server.stop()
    rows = matched(r, truths)
    none([f"{path}: {f}" for path, _, x in rows for f in contract.faults(x)], f"{name}: the contract")
    none([f"{path}: {f}" for path, truth, x in rows for f in foreign(x, truth["slot"])], f"{name}: nothing of the others")
    bound(name, rows, slack=0.03)


def each_version():
    found = interpreters()
    skip_missing(found)
    for version, python in found:
        name = label_of(version, python)
        crowd(f"{name}, tasks", [python, f"{SERVERS}/handed.py"])
        crowd(f"{name}, threads", [python, f"{SERVERS}/handed.py", "threads"])


def alone():
    """The executor's threads have been idle since before anything was recorded; or it has none yet."""
    for used, arguments in itertools.product((True, False), ([], ["threads"])):
        server = Server([sys.executable, f"{SERVERS}/handed.py", *arguments])
        name = f"alone, {'idle' if used else 'new'} threads{', no loop' if arguments else ''}"
        for mode in MODES if used else []:
            server.get(f"/{mode}/05/1")
        with Recording("--pid", server.pid, options=SHORT_TICKS) as r, connection(server.port) as c:
            truths = [(path, ask(c, path)) for path in (f"/{mode}/03/10" for mode in MODES)]
            r.wait_reports(len(truths))
        rows = matched(r, truths)
        sound(name, rows)
        bound(name, rows)
        if used: # a new thread may wait for a CPU before it has anything to do
            none([f"{path}: {classes(x)}" for path, truth, x in rows if idle_in_calls(truth, x)],
                 f"{name}: nothing is suspended while its own threads compute")


main(alone, each_version)
