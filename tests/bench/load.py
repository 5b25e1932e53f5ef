# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Load on a server and on the machine, and what a request of it costs."""
import contextlib
import glob
import os
import re
import subprocess
from dataclasses import dataclass

import bpf
from harness import PATIENCE, PYTHON, start

CLIENTS = 8
TRAP_NS = 550           # of the CPU to get from an instruction that the kernel emulates to the program of a uprobe and back


@dataclass
class Window:
    """`requests` unmarked ones, `rate` a second."""
    requests: int
    rate: float
    cpu_ns: float = 0       # of the server, a request
    bpf_ns: float = 0       # of BPF programs on the whole machine, and of the traps that uprobes are; a request, less the floor
    parts: str = ""


def wrk(server, path, seconds, head=0):
    """wrk's keep-alive connections for some seconds; `head` pads the head of each request to that many bytes."""
    command = ["wrk", "-t1", f"-c{CLIENTS}", f"-d{seconds}s"]
    bare = len(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1:{server.port}\r\n\r\n")
    if head:
        command += ["-H", f"X-Pad: {'x' * (head - bare - len('X-Pad: ') - 2)}"]
    child = start([*command, f"http://127.0.0.1:{server.port}{path}"], stdout=subprocess.PIPE, text=True)
    text = child.communicate(timeout=seconds + PATIENCE)[0]
    if child.returncode or "Non-2xx" in text or "Socket errors" in text:
        raise ChildProcessError(f"{command}: {text}")
    return Window(int(re.search(r"(\d+) requests in", text)[1]), float(re.search(r"Requests/sec:\s+([\d.]+)", text)[1]))


def descendants(pid):
    found = [pid]
    for parent in found:
        for path in glob.glob(f"/proc/{parent}/task/*/children"):
            with open(path, encoding="ascii") as f:
                found += map(int, f.read().split())
    return found


def cpu_ns(server):
    """What the scheduler has given to the server's threads so far."""
    total = 0
    for path in (p for pid in descendants(server.pid) for p in glob.glob(f"/proc/{pid}/task/*/schedstat")):
        with contextlib.suppress(FileNotFoundError, ProcessLookupError), open(path, encoding="ascii") as f:
            total += int(f.read().split()[0])
    return total


def timed(server, path, seconds):
    """A window, and the server's CPU time for one of its requests."""
    before = cpu_ns(server)
    w = wrk(server, path, seconds)
    w.cpu_ns = (cpu_ns(server) - before) / w.requests
    return w


def counted(recording, server, path, seconds, head=0):
    """A window in which the kernel counts what the programs of a recording cost."""
    with bpf.Meter(recording.process.pid) as meter:
        before = meter.read()
        w = wrk(server, path, seconds, head)
        parts = bpf.cost(before, meter.read())
    if parts["sock_recv_length"][0] < w.requests:
        raise AssertionError(f"{w.requests} requests, but the program saw {parts['sock_recv_length'][0]} reads")
    traps = parts.get(bpf.PROBES, (0,))[0]
    w.bpf_ns = (sum(ns for _, ns, _ in parts.values()) + traps * TRAP_NS) / w.requests
    w.parts = ", ".join(f"{where} {ns / w.requests:.0f} ns in {runs / w.requests:.2f} runs, floor {floor:.0f}"
                        for where, (runs, ns, floor) in sorted(parts.items()) if runs / w.requests >= 0.005)
    return w


def still_records(recording, server, path):
    """A cheap recorder is one that records."""
    before = len(recording.reports.lines)
    server.get(f"{path}?profile=1")
    recording.wait_reports(before + 1)


@contextlib.contextmanager
def busy():
    """Every CPU has a thread that never waits."""
    loops = [start([PYTHON, "-c", "while True: pass"]) for _ in range(os.cpu_count())]
    try:
        yield
    finally:
        for loop in loops:
            loop.kill()
            loop.wait()
