# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The contract of JSON reports: what every one must keep, whatever was recorded. faults(report) yields one line for each breach."""
import re

ON_CPU = ["cpu_user", "cpu_kernel", "interrupt"]
CAUSES = "run_queue throttled stopped gil lock disk network sleep page_fault child ipc other_wait".split()
CLASSES = ON_CPU + CAUSES + ["loop_busy", "suspended", "unknown"]
MARKS = ["head_read", "body_read", "handler_entry", "first_response_byte"]

natural, number, text, flag = "natural", "number", "text", "flag"
nullable = {f"{kind}?": kind for kind in (natural, text)}
KINDS = {
    natural: lambda v: isinstance(v, int) and not isinstance(v, bool) and v >= 0,
    number: lambda v: isinstance(v, int) and not isinstance(v, bool),
    text: lambda v: isinstance(v, str),
    flag: lambda v: isinstance(v, bool),
}


def record(keys):
    """"a b:text c:natural?" as {key: kind}; a key without kind is natural."""
    return {key: kind or natural for key, _, kind in (field.partition(":") for field in keys.split())}


REQUEST = record("id:text source:text method:text? target:text? status:natural? http_version:text? local:text? remote:text? pid bytes_in "
                 "bytes_out start:text duration_ns cut_off:flag begin:text end:text marker:text trace_id:text?")
TIME = record("wall_ns socket_queue_ns:natural? pipeline_queue_ns ambiguous_ns in_flight_max")
THREAD = record("pid tid comm:text name:text? cpu_ns wait_ns")
FRAME = record("function:text file:text? line module:text? kind:text inlined:flag")
WAIT = record("t duration_ns runnable_ns thread task:number stack:number cause:text object:text?")
AWAIT = record("t duration_ns task stack:number cause:text object:text?")
WAKER = record("pid tid comm:text stack:number")
LOST = record("samples waits stacks_truncated frames_unknown events_dropped refused_live refused_rate")
COLUMNS = record("t thread task:number stack:number weight_ns bound")


def shape(where, value, fields):
    """Faults of one object against its fields."""
    if not isinstance(value, dict):
        return [f"{where}: not an object"]
    found = [f"{where}: no {key}" for key in fields if key not in value]
    for key, kind in fields.items():
        if key not in value or (kind in nullable and value[key] is None):
            continue
        if not KINDS[nullable.get(kind, kind)](value[key]):
            found.append(f"{where}.{key}: {value[key]!r} is no {kind}")
    return found


def request(r):
    q, wall = r["request"], r["time"]["wall_ns"]
    checks = [
        (re.fullmatch("[0-9a-f]{6}", q["id"]), "id"),
        (q["source"] in ("http", "handler"), "source"),
        (q["begin"] in ("seen", "joined"), "begin"),
        (q["end"] in ("seen", "inferred", "cut_off"), "end"),
        (q["cut_off"] == (q["end"] == "cut_off"), "cut_off does not go with end"),
        (q["duration_ns"] == wall, "duration_ns is not the wall time"),
        (re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(Z|[+-]\d\d:\d\d)", q["start"]), "start"),
        (q["source"] != "http" or None not in [q[k] for k in ("method", "target", "status", "local", "remote")], "null in an HTTP request"),
        (all(m["name"] in MARKS and 0 <= m["t"] <= wall for m in q["marks"]), "marks"),
        ([m["t"] for m in q["marks"]] == sorted(m["t"] for m in q["marks"]), "marks not in their order"),
    ]
    return [f"request: {what}" for good, what in checks if not good]


def time(r):
    t, classes = r["time"], r["time"]["classes_ns"]
    if list(classes) != CLASSES:
        yield f"time: not the classes in their order: {list(classes)}"
    if not all(KINDS[natural](v) for v in classes.values()):
        yield f"time: a class is no natural number: {classes}"
    elif sum(classes.values()) != t["wall_ns"]:
        yield f"time: the classes sum to {sum(classes.values())}, not to {t['wall_ns']}"
    if t["ambiguous_ns"] > t["wall_ns"]:
        yield "time: more is ambiguous than there is"
    if not set(ON_CPU) <= set(t["estimated"]) <= set(CLASSES + ["ambiguous_ns"]):
        yield f"time: estimated {t['estimated']}"


def stacks(r):
    if any(not -1 <= parent < i or not 0 <= frame < len(r["frames"]) for i, (parent, frame) in enumerate(r["stacks"])):
        yield "stacks: a parent behind its child, or a frame that is not there"


def inside(where, column, values, low, high):
    return [f"{where}.{column}: {v} is not in {low}..{high}" for v in values if not low <= v <= high][:1]


def work(r, part, where, wall):
    """Threads, samples and waits: indices, times, and that each thread's account is the sum of its records."""
    threads, samples, waits = part["threads"], part["samples"], part["waits"]
    found = [f for i, v in enumerate(threads) for f in shape(f"{where}threads[{i}]", v, THREAD)]
    found += [f for i, v in enumerate(waits) for f in shape(f"{where}waits[{i}]", v, WAIT)]
    found += [f for i, v in enumerate(waits) if v.get("waker") for f in shape(f"{where}waits[{i}].waker", v["waker"], WAKER)]
    if set(COLUMNS) - set(samples) or len({len(samples[c]) for c in COLUMNS}) != 1:
        found.append(f"{where}samples: columns are missing or differ in length")
    if found:
        return found
    ranges = {"t": (0, wall), "thread": (0, len(threads) - 1), "task": (-1, len(r["tasks"]) - 1), "stack": (-1, len(r["stacks"]) - 1)}
    for column, (low, high) in ranges.items():
        found += inside(f"{where}samples", column, samples[column], low, high)
        found += inside(f"{where}waits", column, [w[column] for w in waits], low, high)
    found += inside(f"{where}samples", "bound", samples["bound"], 1, 4)
    found += inside(f"{where}waits", "end", [w["t"] + w["duration_ns"] + w["runnable_ns"] for w in waits], 0, wall)
    found += [f"{where}waits[{i}]: cause {w['cause']}" for i, w in enumerate(waits) if w["cause"] not in CAUSES]
    return found or accounts(r, threads, samples, waits, where)


def accounts(r, threads, samples, waits, where):
    found = []
    for i, thread in enumerate(threads):
        cpu = sum(weight for weight, owner in zip(samples["weight_ns"], samples["thread"]) if owner == i)
        waited = sum(w["duration_ns"] for w in waits if w["thread"] == i)
        if cpu != thread["cpu_ns"]:
            found.append(f"{where}threads[{i}]: cpu_ns {thread['cpu_ns']}, its samples weigh {cpu}")
        if waited != thread["wait_ns"] and not (r["lost"]["waits"] and waited < thread["wait_ns"]):
            found.append(f"{where}threads[{i}]: wait_ns {thread['wait_ns']}, its waits last {waited}")
    return found


def awaits(r, wall):
    for i, w in enumerate(r["awaits"]):
        if w["cause"] not in CAUSES:
            yield f"awaits[{i}]: cause {w['cause']}"
        if not w["task"] < len(r["tasks"]) or not -1 <= w["stack"] < len(r["stacks"]) or w["t"] + w["duration_ns"] > wall:
            yield f"awaits[{i}]: task, stack or time out of range"


def loop_busy(r):
    if any(not (b["request"] or b["function"]) for b in r["loop_busy"]):
        yield "loop_busy: with nothing that is known"
    if sum(b["duration_ns"] for b in r["loop_busy"]) > r["time"]["classes_ns"]["loop_busy"]:
        yield "loop_busy: longer than the class"


def sources(r):
    """Only there if source code was asked for."""
    for i, s in enumerate(r.get("sources", [])):
        if set(s) != {"file", "first_line", "lines", "newer", "error"} or (s["error"] is None) != bool(s["lines"]):
            yield f"sources[{i}]: {s}"
        if s["lines"] and not s["first_line"] >= 1 or any("\n" in line for line in s["lines"]):
            yield f"sources[{i}]: no lines of a file"


def gil(r):
    for part in filter(None, (r, r["after"])):
        for i, thread in enumerate(part["threads"]):
            held = thread.get("gil_held_ns", 0)
            if not KINDS[natural](held) or held > thread["cpu_ns"]:
                yield f"threads[{i}]: held the GIL for {held} ns of {thread['cpu_ns']} on the CPU"


def merged(r):
    if "merged" not in r:
        return
    requests = r["merged"]
    if any(shape("", m, record("id:text duration_ns status:natural? cut_off:flag")) for m in requests):
        yield "merged: not id, duration_ns, status and cut_off"
    elif sum(m["duration_ns"] for m in requests) != r["time"]["wall_ns"] or r["request"]["id"] not in [m["id"] for m in requests]:
        yield "merged: the requests do not last as long as they together, or the median is none of them"


def shapes(r):
    if r.get("reqprof") != 1:
        return ["reqprof is not 1"]
    top = "request time threads tasks frames stacks samples waits awaits loop_busy after lost about".split()
    missing = [f"no {key}" for key in top if key not in r]
    if missing:
        return missing
    found = shape("request", r["request"], REQUEST) + shape("time", r["time"], TIME) + shape("lost", r["lost"], LOST)
    found += [f for i, v in enumerate(r["frames"]) for f in shape(f"frames[{i}]", v, FRAME)]
    found += [f for i, v in enumerate(r["awaits"]) for f in shape(f"awaits[{i}]", v, AWAIT)]
    return found + shape("about", r["about"], record("overhead_ns program:text? runtime:text?"))


def faults(r):
    found = shapes(r)
    if found:
        return found
    wall = r["time"]["wall_ns"]
    found = [*request(r), *time(r), *stacks(r), *work(r, r, "", wall), *awaits(r, wall), *loop_busy(r), *sources(r), *gil(r), *merged(r)]
    if r["after"] is not None:
        found += work(r, r["after"], "after.", 1 << 63)
    return found
