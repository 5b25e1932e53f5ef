#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
What requests by a handler cost: a call of a function, by kind of probe; nginx with its row of the catalog, over plain HTTP/1 and over TLS with
HTTP/2; its longest stall while probes come and go.
"""
import re
import statistics
import subprocess
import time

import bpf
from bench import Bench, spread
from harness import BUILD, PATIENCE, Recording, free_port, nginx, start
from load import CLIENTS, TRAP_NS, Window, cpu_ns, still_records, timed
from stalls import Stalls, cycle_probes

CALLS = 200000
KINDS = (
    ("entry and return", "handler", "called,url=arg1->line"),
    ("entry and another function's entry", "handler", "called,url=arg1->line,end=called_back"),
    ("entry that has to be stepped over, and return", "handler", "leaf,url=arg1->line"),
    ("entry and a return instruction", "handler-cxx", "app::called,url=arg1->url"),
)


class Called:
    """A program that calls a function so many times when it is asked."""

    def __init__(self, name):
        self.process = start([f"{BUILD}/tests/servers/{name}"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid

    def ask(self, path):
        self.process.stdin.write(path + "\n")
        self.process.stdin.flush()
        return self.process.stdout.readline()

    def cost(self, calls):
        """CPU time of a call, in ns."""
        before = cpu_ns(self)
        self.ask(f"/calls:{calls}")
        return (cpu_ns(self) - before) / calls

    def stop(self):
        self.process.stdin.close()
        self.process.wait(PATIENCE)


def kinds(bench):
    calls = bench.pick(CALLS, CALLS // 10)
    for what, name, spec in KINDS:
        program = Called(name)
        program.cost(calls)     # warm
        costs, programs = [], []
        for _ in range(bench.pick(5, 2)):
            without = program.cost(calls)
            with Recording("--pid", program.pid, "--handler", spec, ready="listens on no socket") as r:
                costs.append(program.cost(calls) - without)
                with bpf.Meter(r.process.pid) as meter:
                    before = meter.read()
                    program.ask(f"/calls:{calls}")
                    programs.append(bpf.cost(before, meter.read())[bpf.PROBES][1] / calls)
        program.stop()
        bench.row(f"a call of a handler: {what}", "—", f"{spread(costs)} ns, of which BPF programs {spread(programs)} ns")


def h2load(server, path, seconds):
    """The same as wrk() with HTTP/2 over TLS."""
    command = ["h2load", "-t1", f"-c{CLIENTS}", "-m1", f"-D{seconds}", f"https://127.0.0.1:{server.tls}{path}"]
    child = start(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    text = child.communicate(timeout=seconds + PATIENCE)[0]
    done = re.search(r"(\d+) succeeded, (\d+) failed, (\d+) errored", text)
    if child.returncode or not done or int(done[2]) or int(done[3]) or "Application protocol: h2" not in text:
        raise ChildProcessError(f"{command}: {text}")
    return Window(int(done[1]), float(re.search(r"finished in .*?([\d.]+) req/s", text)[1]))


def timed_h2(server, path, seconds):
    before = cpu_ns(server)
    w = h2load(server, path, seconds)
    w.cpu_ns = (cpu_ns(server) - before) / w.requests
    return w


def throughput(bench, what, server, load, budget):
    """Requests a second attached / not, interleaved; and computed from what does not wander."""
    seconds = bench.pick(4, 1)
    found = []
    load(server, "/hello", 1)   # warm
    for i in range(bench.pick(7, 2)):
        windows = {}
        for attached in (True, False) if i % 2 else (False, True):
            if not attached:
                windows[False] = load(server, "/hello", seconds)
                continue
            with Recording("--port", server.port, "--handler", "nginx") as r:
                windows[True] = load(server, "/hello", seconds)
                still_records(r, server, "/hello")
        found.append((windows[True], windows[False]))
        bench.raw(f"{what}: {windows[True].rate:.0f} / {windows[False].rate:.0f} requests/s, "
                  f"CPU {windows[True].cpu_ns:.0f} / {windows[False].cpu_ns:.0f} ns a request")
    with Recording("--port", server.port, "--handler", "nginx") as r, bpf.Meter(r.process.pid) as meter:
        before = meter.read()
        w = load(server, "/hello", seconds)
        parts = bpf.cost(before, meter.read())
    hits = parts[bpf.PROBES][0] / w.requests
    cost = sum(ns for _, ns, _ in parts.values()) / w.requests + hits * TRAP_NS
    free = statistics.median(without.cpu_ns for _, without in found)
    ratios = [with_.rate / without.rate for with_, without in found]
    bench.row(f"{what}, by its handler: requests/s attached / not", f"≥ {budget}",
              f"{spread(ratios, '.3f')}, computed {free / (free + cost):.3f} ({hits:.1f} hits and {cost:.0f} ns a request)",
              max(statistics.median(ratios), free / (free + cost)) >= budget)


def stalled(s):
    return f"{s.failed} failed of {s.sent}, longest {s.longest * 1000:.0f} ms"


def probe_cycles(bench, server, idle):
    """The probes come and go as they do when the program finds a target and loses it; it stays as it is. tests/bench/cycles.c"""
    n = bench.pick(1000, 10)
    with Stalls(server) as s:
        took = cycle_probes("nginx", server, n)
    each = f"attached in {took['attach_ns'] / 1e6:.1f} ms, detached in {took['detach_ns'] / 1e6:.0f}"
    bench.row(f"{n} times nginx's probes attached and detached, under load", "no failed request",
              f"{stalled(s)} (without: {idle.longest * 1000:.0f}); {each}", not s.failed)


def program_cycles(bench, server, idle):
    n = bench.pick(30, 3)
    with Stalls(server) as s:
        for _ in range(n):
            with Recording("--port", server.port, "--handler", "nginx"):
                pass
    bench.row(f"{n} times the program started on nginx and ended, under load", "no failed request",
              f"{stalled(s)} (without: {idle.longest * 1000:.0f})", not s.failed)


def cycles(bench, server):
    with Stalls(server) as idle:
        time.sleep(bench.pick(20, 2))
    probe_cycles(bench, server, idle)
    program_cycles(bench, server, idle)


def main():
    bench = Bench(__doc__)
    kinds(bench)
    server = nginx(tls=(tls := free_port()))
    server.tls = tls
    throughput(bench, "nginx, hello, plain HTTP/1", server, timed, 0.78)
    throughput(bench, "nginx, hello, TLS with HTTP/2", server, timed_h2, 0.93)
    cycles(bench, server)
    server.stop()


if __name__ == "__main__":
    main()
