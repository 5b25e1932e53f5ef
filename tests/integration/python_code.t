#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames of every CPython that is found, as read from outside, against what the interpreter says itself. Needs root."""
import json
import os
import re
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import BUILD, SERVERS, start
from pythons import interpreters, label_of, skip_missing
from tap import equal, main, none, ok

CUT = 1024                      # bytes of a name
OWN = re.compile(r"/tests/servers/parked\.py$")


def look(pid):
    p = subprocess.run([f"{BUILD}/tests/unwind/python-frames", str(pid)], capture_output=True, timeout=60, check=False)
    lines = [line.decode().split("\t") for line in p.stdout.split(b"\n") if line]
    threads = {}
    for kind, *fields in lines[1:]:
        if kind == "thread":
            last = threads[int(fields[0])] = {"evals": int(fields[2]), "whole": fields[3] == "1", "frames": [], "mixed": [], "exact": False}
        elif kind in ("python", "native"):
            last["mixed"].append((kind, *fields))
        elif kind == "exact":
            last["exact"] = fields == ["1"]
        elif kind == "frame":
            last["frames"].append({"entry": fields[0] == "1", "package": fields[6],
                                   "said": [fields[4], fields[5], int(fields[2]), int(fields[3]), fields[1] == "1"]})
    return lines[0], threads, p.stderr.decode()


def cut(text):
    """As UTF-8 of at most CUT bytes; what UTF-8 cannot say is a replacement character."""
    data = re.sub("[\ud800-\udfff]", "\ufffd", text).encode()
    return data[:CUT].decode(errors="ignore")


def expected(frames):
    return [[cut(function), cut(file), *rest] for function, file, *rest in frames]


def differences(name, got, wanted):
    for i in range(max(len(got), len(wanted))):
        g, w = (x[i] if i < len(x) else None for x in (got, wanted))
        if g != w:
            yield f"{name}, frame {i}: {g} instead of {w}"


def package_of(file):
    if m := re.match(r"<frozen (\w+)", file):
        return m[1]
    m = re.search(r"/(?:site-packages|lib/python3\.\d+)/([^/]+)", file)
    return re.sub(r"\.py$", "", m[1]) if m else "-"


def compare(label, told, threads):
    pairs = [(name, threads.get(t["ident"], {"evals": 0, "whole": False, "frames": []}), t) for name, t in told["threads"].items()]
    none((d for name, got, t in pairs for d in differences(name, [f["said"] for f in got["frames"]], expected(t["frames"]))),
         f"{label}: {sum(len(t['frames']) for _, _, t in pairs)} frames of {len(pairs)} threads: functions, files, lines")
    none((f"{name}: {f['package']} of {f['said'][1]}" for name, got, _ in pairs for f in got["frames"] if f["package"] != package_of(f["said"][1])),
         f"{label}: packages")
    loops = [(name, sum(f["entry"] for f in got["frames"]), got) for name, got, _ in pairs]
    none((f"{name}: {entries} entries, {got['evals']} native" for name, entries, got in loops if entries != got["evals"] or not got["whole"]),
         f"{label}: as many evaluation loops are entered by Python frames as there are in the native stack")


def mixed_faults(name, got, interpreter):
    """Python's frames as they are, inside of the thread's begin; of the interpreter's own only what the innermost of them calls."""
    kinds = [frame[0] for frame in got["mixed"]]
    last = len(kinds) - kinds[::-1].index("python") if "python" in kinds else 0
    if [frame[1] for frame in got["mixed"] if frame[0] == "python"] != [f["said"][0] for f in reversed(got["frames"])]:
        yield f"{name}: not Python's frames: {got['mixed']}"
    if not got["exact"] or kinds[:1] != ["native"] or "libc" not in got["mixed"][0][2]:
        yield f"{name}: exact {got['exact']}, begins with {got['mixed'][:1]}"
    yield from (f"{name}: {frame} is the interpreter's" for frame in got["mixed"][:last] if frame[0] == "native" and frame[2] == interpreter)
    if "libc" not in got["mixed"][-1][2]:
        yield f"{name}: ends in {got['mixed'][-1]}"


def mixed(label, python, told, threads):
    none((fault for name, t in told["threads"].items() for fault in mixed_faults(name, threads[t["ident"]], python[2])),
         f"{label}: native and Python frames together")
    inside = {frame[1] for t in threads.values() for frame in t["mixed"] if frame[0] == "native" and frame[2] == python[2]}
    none((f for f in inside if re.search(r"(?i)vectorcall|_PyEval|PyObject_Call", f)), f"{label}: nothing that only calls is shown: {sorted(inside)}")


def check(version, path):
    label = label_of(version, path)
    with start([path, f"{SERVERS}/parked.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        told = json.loads(process.stdout.readline())
        python, threads, said = look(told["pid"])
        if ok(python[0] == "python", f"{label}: found", f"{python}\n{said}"):
            equal(int(python[1], 16) >> 16, told["version"] >> 16, f"{label}: its version")
            ok(version < (3, 10) or python[4] == "1", f"{label}: the list of free contexts", python)
            ok(int(python[5], 16), f"{label}: a place for a probe", python)
            compare(label, told, threads)
            mixed(label, python, told, threads)
        process.stdin.close()


def all_of_them():
    found = interpreters()
    skip_missing(found)
    for version, path in found:
        check(version, path)


def no_python():
    with start(["sleep", "1000"]) as process:
        while os.readlink(f"/proc/{process.pid}/exe").endswith("python3"):
            pass
        equal(look(process.pid)[0][:2], ["none", "-"], "sleep: no Python")
        process.kill()


main(all_of_them, no_python)
