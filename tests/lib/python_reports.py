# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reports of Python servers, against what the requests measured of themselves (tests/servers/measured.py)."""
import ast
import json
import os
import re
import statistics
import threading
from collections import Counter

import contract
from harness import SERVERS, connection, fetch, path_of
from tap import measured, none

MS = 1_000_000
POINTS = 2              # percentage points that a share may be off
BOUND = 0.98            # of the CPU time of a request that must be bound to it
# Whose a piece of work is only ticks say, where one task goes on after another in one thread: shorter ones leave less to luck.
SHORT_TICKS = ("-i", "250us")


# ---- asking ------------------------------------------------------------------------------------------------------------------------------


def ask(c, path, status=200, headers=None):
    """One marked request: what it says of itself, or None."""
    got, body = fetch(c, f"{path}?profile=1", headers)
    assert got == status, (path, got, body[:200])
    return json.loads(body) if status == 200 else None


class Asked(threading.Thread):
    """A request beside others, on a connection of its own. `begin` is a barrier that it waits for when it is connected."""

    def __init__(self, server, path, query="?profile=1", begin=None):
        super().__init__(daemon=True)
        self.server, self.path, self.query, self._begin = server, path, query, begin
        self._truth, self._error = None, None
        self.start()

    def run(self):
        try:
            with connection(self.server.port) as c:
                c.connect()
                if self._begin:
                    self._begin.wait()
                status, body = fetch(c, self.path + self.query)
                assert status == 200, (self.path, status)
                self._truth = json.loads(body)
        except Exception as e:
            self._error = e

    def truth(self):
        self.join()
        if self._error:
            raise self._error
        return self._truth


class Rivals:
    """Requests that nobody marked, for as long as the `with` lasts, one after the other on a connection for each path."""

    def __init__(self, server, paths):
        self.tids, self._stop, self._busy = {server.pid}, threading.Event(), threading.Barrier(1 + len(paths))
        self._threads = [threading.Thread(target=self._run, args=(server, path), daemon=True) for path in paths]

    def _run(self, server, path):
        with connection(server.port) as c:
            self.tids |= self._ask(c, path)
            self._busy.wait()
            while not self._stop.is_set():
                self.tids |= self._ask(c, path)

    @staticmethod
    def _ask(c, path):
        status, body = fetch(c, path)
        assert status == 200, (path, status)
        return {call["tid"] for call in json.loads(body)["calls"]}

    def __enter__(self):
        for t in self._threads:
            t.start()
        self._busy.wait()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for t in self._threads:
            t.join()


def matched(recording, truths):
    """[(path, truth, report)]: of requests sent one after the other, where truths is [(path, truth)]; or of any, by their different paths."""
    reports = recording.json()
    paths = [path for path, _ in truths]
    if len(set(paths)) == len(paths):
        order = {path: i for i, path in enumerate(paths)}
        reports.sort(key=lambda r: order.get(path_of(r), -1))
    got = [path_of(r) for r in reports]
    if got != paths:
        raise AssertionError(f"reports of {got}, requests were {paths}")
    return [(path, truth, report) for (path, truth), report in zip(truths, reports)]


# ---- frames ------------------------------------------------------------------------------------------------------------------------------


def frames(report, stack):
    """Those of a stack, innermost first."""
    found = []
    while stack >= 0:
        stack, frame = report["stacks"][stack]
        found.append(report["frames"][frame])
    return found


def last_name(frame):
    """compute of Class.method.<locals>.compute; only of Python's."""
    return frame["function"].rpartition(".")[2] if frame["kind"] == "python" else None


def names(report, stack):
    """A stack's functions, innermost first: of Python by their last name, others as [kind]."""
    return [last_name(f) or f"[{f['kind']}]" for f in frames(report, stack)]


def stacks_with(report, function, part=None):
    """{stack: weight} of the samples with this Python function."""
    found = Counter()
    samples = (part or report)["samples"]
    for stack, weight in zip(samples["stack"], samples["weight_ns"]):
        found[stack] += weight
    return {stack: weight for stack, weight in found.items() if function in names(report, stack)}


def cpu_in(report, function, part=None):
    return sum(stacks_with(report, function, part).values())


def waits_in(report, function, *causes, part=None):
    """When threads did not run below this function, for one of these causes or any."""
    return [w for w in (part or report)["waits"] if (not causes or w["cause"] in causes) and function in names(report, w["stack"])]


def waited_in(report, function, *causes, part=None):
    return sum(w["duration_ns"] + w["runnable_ns"] for w in waits_in(report, function, *causes, part=part))


def lasted_in(report, function):
    """ns below this function, on the CPU or not. What a hypervisor takes away is a part of it, too, which the clock of a thread leaves out."""
    return cpu_in(report, function) + waited_in(report, function)


def lasted_by_truth(truth, function):
    return sum(c["wall_ns"] for c in truth["calls"] if c["function"] == function)


def cpu_by_truth(truth):
    """What the request itself says: {function: CPU ns}."""
    found = Counter()
    for call in truth["calls"]:
        found[call["function"]] += call["cpu_ns"]
    return found


def evaluator_left(report, function=None):
    """Stacks in which the interpreter's own evaluation is seen beside the Python frames that it runs; of those with this function. A tick may hit
    the interpreter where it changes its frames: one such stack may be, if it is counted."""
    inner = {parent for parent, _ in report["stacks"]}
    left = []
    for stack in set(range(len(report["stacks"]))) - inner:
        all_of_it = frames(report, stack)
        if any(f["kind"] == "python" for f in all_of_it) and (not function or function in names(report, stack)):
            left += [f"{f['function']} in {names(report, stack)}" for f in all_of_it
                     if f["kind"] == "native" and re.search("_PyEval_EvalFrame|_PyEval_Vector", f["function"])][:1]
    counted = sum(t["stacks"] for t in report["about"]["stacks_truncated"] if t["reason"] == "native and Python frames do not agree")
    return left if len(left) > min(counted, 1) else []


def own_stacks(report):
    """Of all that the report says of the request's own work; who woke it is another matter."""
    for part in filter(None, (report, report["after"])):
        yield from part["samples"]["stack"]
        yield from (w["stack"] for w in part["waits"])
    yield from (w["stack"] for w in report["awaits"])


def foreign(report, slot):
    """Functions of other slots, and of requests that nobody asked about."""
    used = {f["function"] for stack in set(own_stacks(report)) for f in frames(report, stack)}
    other = r"(?:^|\.)(?:(?:work|await)_(?!%s)\d\d|(?:compute_)?other)$" % slot
    return sorted(name for name in used if re.search(other, name))


def definitions(path):
    """{qualified name: (first line, last line)} of a source; a lambda has that of what it is in and <lambda>: the greatest range."""
    with open(path, encoding="utf-8") as f:
        tree = ast.parse(f.read())
    found = {"<module>": (1, 1 << 30)}

    def walk(node, prefix):
        for child in ast.iter_child_nodes(node):
            inner = prefix
            name = {ast.Lambda: "<lambda>", ast.GeneratorExp: "<genexpr>", ast.ListComp: "<listcomp>", ast.DictComp: "<dictcomp>",
                    ast.SetComp: "<setcomp>"}.get(type(child), getattr(child, "name", None))
            if isinstance(child, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.GeneratorExp, ast.ListComp, ast.DictComp, ast.SetComp)):
                first = min([child.lineno, *(d.lineno for d in getattr(child, "decorator_list", []))])
                low, high = found.get(prefix + name, (first, child.end_lineno))
                found[prefix + name] = min(low, first), max(high, child.end_lineno)
                inner = f"{prefix}{name}.<locals>."
            elif isinstance(child, ast.ClassDef):
                inner = f"{prefix}{name}."
            walk(child, inner)

    walk(tree, "")
    return found


_definitions = {}


def misplaced(report):
    """Python frames of tests/servers whose function is not in their file, or whose line is not in their function."""
    for f in report["frames"]:
        path = os.path.normpath(f["file"] or "")
        if f["kind"] != "python" or os.path.dirname(path) != SERVERS:
            continue
        if path not in _definitions:
            _definitions[path] = definitions(path)
        first, last = _definitions[path].get(f["function"], (0, -1))
        if not first <= f["line"] <= last:
            yield f"{f['function']} {f['file']}:{f['line']}, which is {first}..{last}"


def classes(report):
    """Those that there are, in ms, for the eye."""
    t = report["time"]
    return {k: round(v / MS, 2) for k, v in [*t["classes_ns"].items(), *((k, t[k]) for k in ("wall_ns", "ambiguous_ns"))] if v}


# ---- properties that every report has -----------------------------------------------------------------------------------------------------


def sound(name, of_all, ambiguous=False, greenlets=False):
    """What holds for each of [(path, truth, report)], or [(path, slot, report)] where there is no truth. `ambiguous`: time may be unknown if it
    is said to be ambiguous. `greenlets`: below a Python stack stands the native one that it was started on."""
    rows = [(path, truth if isinstance(truth, str) else truth["slot"], r) for path, truth, r in of_all]
    none([f"{path}: {fault}" for path, _, r in rows for fault in contract.faults(r)], f"{name}: the contract")
    none([f"{path}: {other}" for path, slot, r in rows for other in foreign(r, slot)], f"{name}: no frame of another request")
    if not greenlets:
        none([f"{path}: {left}" for path, _, r in rows for left in evaluator_left(r)], f"{name}: Python's frames in place of the interpreter's")
    none([f"{path}: {f}" for path, _, r in rows for f in misplaced(r)], f"{name}: functions with their files and lines")
    none([f"{path}: {r['lost']}" for path, _, r in rows if r["lost"]["samples"] or r["lost"]["waits"]], f"{name}: nothing is lost")
    none([f"{path}: {classes(r)}" for path, _, r in rows
          if r["time"]["classes_ns"]["unknown"] > r["time"]["ambiguous_ns"] + r["time"]["wall_ns"] * 0.01 + 5000],
         f"{name}: what is unknown is ambiguous")
    if not ambiguous:
        none([f"{path}: {classes(r)}" for path, _, r in rows if r["time"]["classes_ns"]["unknown"] > r["time"]["wall_ns"] * 0.01 + 5000],
             f"{name}: unknown is at most 1 % of each")


def stolen_from(report, function=None, tid=None):
    """ns that a hypervisor took, below this function or of this thread, whose clock learns of that up to 4 ms later, in the middle of what comes
    next."""
    return sum(w["runnable_ns"] for w in report["waits"]
               if w.get("object") == "hypervisor" and (not function or function in names(report, w["stack"]))
               and (not tid or report["threads"][w["thread"]]["tid"] == tid))


# The kernel's clock of a thread stops where what preempts it is woken from another CPU, not where the interrupt comes that says so: on a virtual
# machine some 50 us later. So what a function took lies between what that clock says and what its wall time leaves beside its waits.
def shares(name, of_all, functions):
    """The share of each function in what all of them took, over all of [(path, truth, report)]."""
    expected, got = Counter(), Counter()
    for _, truth, report in of_all:
        for f in functions:
            took, least = cpu_in(report, f), cpu_by_truth(truth)[f] - stolen_from(report, f)
            most = lasted_by_truth(truth, f) - waited_in(report, f)
            got[f] += took
            expected[f] += max(least, min(took, most))
    total, of = sum(expected.values()), sum(got.values())
    off = {f: round(100 * got[f] / of - 100 * expected[f] / total, 2) if of else None for f in functions}
    measured(of and max(abs(v) for v in off.values()) <= POINTS, f"{name}: the shares of {', '.join(functions)}", f"off by {off} points of {got}")


def bound(name, of_all, least=BOUND, slack=0.02):
    """The samples below the request's slot have the CPU time that the request measured; and no more than its calls lasted without what they waited,
    but for what a tick, a millisecond at most, says of the time before it. What was stolen may be in the request's own measure, or not."""
    rows = [(f"{path}#{i}", sum(cpu_by_truth(truth).values()), cpu_in(report, f"work_{truth['slot']}"),
             sum(c["wall_ns"] for c in truth["calls"]) - waited_in(report, f"work_{truth['slot']}"),
             stolen_from(report, f"work_{truth['slot']}"))
            for i, (path, truth, report) in enumerate(of_all)]
    expected, got, most, stolen = (sum(row[i] for row in rows) for i in (1, 2, 3, 4))
    measured(least * expected - stolen <= got <= most * (1 + slack) + MS * len(rows),
             f"{name}: at least {100 * least:.0f} % of the CPU time is bound to its request",
             f"{got / MS:.2f} ms of {expected / MS:.2f} to {most / MS:.2f}, {stolen} ns stolen: "
             f"{ {path: round(part / cpu, 3) for path, cpu, part, *_ in rows} }")


def in_calls(truth):
    """For how long at least one was under way."""
    at = total = 0
    for c in sorted(truth["calls"], key=lambda c: c["begin_ns"]):
        end = c["begin_ns"] + c["wall_ns"]
        total += max(0, end - max(at, c["begin_ns"]))
        at = max(at, end)
    return total


def idle_in_calls(truth, report):
    """ns, beyond a millisecond, that the request is said to be suspended although one of its calls was under way."""
    return max(0, report["time"]["classes_ns"]["suspended"] - (report["time"]["wall_ns"] - in_calls(truth)) - MS)


def truth_of_await(truth, what):
    """ns of the awaits of this name."""
    return [a["ns"] for a in truth["awaits"] if a["what"] == what]


def awaits_of(report, cause):
    return [w for w in report["awaits"] if w["cause"] == cause]


def median_of(values):
    return statistics.median(values) if values else 0
