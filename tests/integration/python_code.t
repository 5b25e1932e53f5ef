#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Frames of every CPython that is found, as read from outside, against what the interpreter says itself. Needs root."""
import json
import os
import re
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import BUILD, PYTHON, SERVERS, Recording, start, wait_until
from pythons import interpreters, label_of, skip_missing, version_of
from tap import equal, main, none, ok

CUT = 1024                      # bytes of a name


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
    process = start([path, f"{SERVERS}/parked.py"], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    told = json.loads(process.stdout.readline())
    python, threads, said = look(told["pid"])
    if ok(python[0] == "python", f"{label}: found", f"{python}\n{said}"):
        equal(int(python[1], 16) >> 16, told["version"] >> 16, f"{label}: its version")
        ok(version < (3, 10) or python[4] == "1", f"{label}: the list of free contexts", python)
        ok(int(python[5], 16), f"{label}: a place for a probe", python)
        compare(label, told, threads)
        mixed(label, python, told, threads)
    process.stdin.close()
    process.wait()


def all_of_them():
    found = interpreters()
    skip_missing(found)
    for version, path in found:
        check(version, path)


def bpftool(*arguments):
    path = next(p for p in ("/usr/sbin/bpftool", "/usr/local/sbin/bpftool", "bpftool") if shutil.which(p))
    return json.loads(subprocess.run([path, "-j", *arguments], capture_output=True, text=True, check=True).stdout)


def interpreters_of_all():
    """pid → what the BPF programs of all recordings know."""
    ids = [m["id"] for m in bpftool("map", "show") if m.get("name") == "pythons"]
    entries = [e["formatted"] for i in ids for e in bpftool("map", "dump", "id", str(i))]
    return {e["key"]: e["value"] for e in entries}


def handed_over():
    """A process that becomes another one keeps its number."""
    source = "import os, sys; print(1, flush=True); sys.stdin.readline(); os.execv('/bin/sleep', ['sleep', '1000'])"
    process = start([PYTHON, "-c", source], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    process.stdout.readline()
    with Recording("--pid", process.pid, ready="listens on no socket"):
        known = wait_until(lambda: interpreters_of_all().get(process.pid), "the programs know the interpreter")
        equal(known["version"], version_of(PYTHON)[0] << 8 | version_of(PYTHON)[1], "a recording: the programs know the version")
        process.stdin.write(b"\n")
        process.stdin.flush()
        ok(wait_until(lambda: process.pid not in interpreters_of_all(), "it is forgotten"), "a recording: after an exec it is forgotten")


def no_python():
    process = start(["sleep", "1000"])
    wait_until(lambda: os.readlink(f"/proc/{process.pid}/exe").endswith("sleep"), "it sleeps")
    equal(look(process.pid)[0][:2], ["none", "-"], "sleep: no Python")


main(all_of_them, handed_over, no_python)
