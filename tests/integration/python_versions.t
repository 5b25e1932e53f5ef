#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every CPython that is found: the stacks of a report are those that the interpreter itself saw where the request computed. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import SERVERS, Recording, Server, connection
from python_reports import SHORT_TICKS, ask, cpu_in, evaluator_left, frames, names, stacks_with
from pythons import interpreters, label_of, skip_missing
from tap import main, none, ok, within

MS_AT_A_POINT = 12      # and an eighth of that at the shortest


def python_below(report, stack, function):
    """The Python frames below the innermost one of this name, as [function, file, line]; None without it."""
    rows = [[f["function"], f["file"], f["line"]] for f in frames(report, stack) if f["kind"] == "python"]
    at = next((i for i, row in enumerate(rows) if row[0] == function), None)
    return rows[at + 1:] if at is not None else None


def weights(report, stacks):
    """(ns by the index of the stack that the request saw, [stacks it did not see])"""
    found, others = dict.fromkeys(range(len(stacks)), 0), []
    s = report["samples"]
    for stack, weight in zip(s["stack"], s["weight_ns"]):
        rows = python_below(report, stack, "snapshot")
        if rows is None:
            continue
        if rows not in stacks:
            others.append(rows)
        else:
            found[stacks.index(rows)] += weight
    return found, others


def difference(rows, stacks):
    """Of the most similar one."""
    wanted = max(stacks, key=lambda w: sum(a == b for a, b in zip(reversed(rows), reversed(w))))
    at = next((i for i, (a, b) in enumerate(zip(rows, wanted)) if a != b), min(len(rows), len(wanted)))
    return f"frame {at} of {len(rows)}: {rows[at] if at < len(rows) else None} instead of {wanted[at] if at < len(wanted) else None} of {len(wanted)}"


def compare(label, report, stacks):
    none(contract.faults(report), f"{label}: the contract")
    found, others = weights(report, stacks)
    none([difference(rows, stacks) for rows in others], f"{label}: no stack that the interpreter did not see")
    none([f"not at {stacks[i][:2]}" for i, ns in found.items() if not ns and stacks.index(stacks[i]) == i],
         f"{label}: and all {len(stacks)} that it saw")
    none(evaluator_left(report), f"{label}: Python's frames in place of the interpreter's")


def check(version, path):
    label = label_of(version, path)
    server = Server([path, f"{SERVERS}/snapshots.py"])
    ports = {"threads": server.port, "tasks": int(server.output.wait(r"^tasks (\d+)$")[1])}
    with Recording("--pid", server.pid, options=SHORT_TICKS) as r:
        truths = {}
        ok(r.log.find(rf"^attached {server.pid} .*CPython {version[0]}\.{version[1]}\b"), f"{label}: the start line", r.log.text)
        for by, port in ports.items():
            with connection(port) as c:
                truths[by] = ask(c, f"/{by}/{MS_AT_A_POINT}")["stacks"]
        r.wait_reports(len(truths))
    server.stop()
    for (by, stacks), report in zip(truths.items(), r.json()):
        compare(f"{label}, {by}", report, stacks)


def all_of_them():
    found = interpreters()
    skip_missing(found)
    for version, path in found:
        check(version, path)


def strangers(report):
    """Stacks with code that is not there any more, or of a leaf that is not below its phase."""
    for stack in set(report["samples"]["stack"]):
        names = [f["function"] for f in frames(report, stack) if f["kind"] == "python"]
        inner = names[:names.index("work")] if "work" in names else []
        as_called = [n[:5] for n in inner] in ([], ["phase"], ["leaf_", "phase"]) and len({n[-1] for n in inner}) <= 1
        if not as_called or any(n.startswith("<code") for n in names):
            yield names


def entering():
    """An evaluation loop that only begins shows the frames of another one, which may be gone."""
    for version, path in interpreters():
        if version[1] not in (11, 12):
            continue
        server = Server([path, f"{SERVERS}/entering.py"])
        with Recording("--pid", server.pid, options=("-i", "100us")) as r:
            with connection(server.port) as c:
                ask(c, "/1000")
            r.wait_reports(1)
        server.stop()
        (report,) = r.json()
        label = f"{label_of(version, path)}, loops that begin"
        none(strangers(report), f"{label}: no frame that was not there")
        none(evaluator_left(report), f"{label}: Python's frames in place of the interpreter's")
        ok(len(report["samples"]["t"]) > 5000, f"{label}: samples", len(report["samples"]["t"]))


def two_at_once():
    """A thread in the middle of two interpreters: the frames of both, in order."""
    for version, path in interpreters():
        if version < (3, 10):  # there only CPython's own tests can make another one
            continue
        server, label = Server([path, f"{SERVERS}/interpreters.py"]), f"{label_of(version, path)}, two interpreters"
        with Recording("--pid", server.pid, options=SHORT_TICKS) as r, connection(server.port) as c:
            truth = ask(c, "/40")
            r.wait_reports(1)
        server.stop()
        (report,) = r.json()
        for function, ns in truth.items():
            within(cpu_in(report, function) / ns * 100, 100, 4, f"{label}: {function}, % of its own clock")
        none([names(report, s) for s in stacks_with(report, "compute_inside")
              if ["enter", "do_GET"] != [n for n in names(report, s) if n in ("enter", "do_GET", "compute_outside")]],
             f"{label}: one is below the other")
        # What makes and ends an interpreter runs Python, too, before its thread can be known and after.
        none(evaluator_left(report, "compute_inside"), f"{label}: Python's frames in place of the interpreter's")


main(all_of_them, entering, two_at_once)
