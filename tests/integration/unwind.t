#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Stacks by the program's unwinder against libdwfl's, frame by frame, of threads that are stopped for it. UNWIND_SAMPLES of each program (1000).
Needs root."""
import contextlib
import os
import re
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import BUILD, PATIENCE, PYTHON, SERVERS, Output, Server, nginx, start, wait_until
from tap import main, note, ok

SAMPLES = int(os.environ.get("UNWIND_SAMPLES", "1000"))
EQUAL = 99.5                    # per cent of all frames
FRAMES_EACH = 4                 # at least: a walk that stops at once, as libdwfl's may too, proves nothing


def busy(*command):
    """A program that computes for ever and says when it does."""
    process = start(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    Output(process.stdout).wait("^ready$")
    return process.pid


def end(process):
    """It and its children."""
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextlib.contextmanager
def wrk(url):
    load = start(["wrk", "-t1", "-c8", "-d600", url], stdout=subprocess.DEVNULL)
    try:
        yield
    finally:
        end(load)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(child) for child in f.read().split()]


def run(pid, samples):
    """Frames, equal frames, samples, identical stacks, and what was printed; zeros if it could not be done."""
    p = subprocess.run([f"{BUILD}/tests/unwind/compare", "-v", str(pid), str(samples)], capture_output=True, text=True, timeout=10 * PATIENCE)
    m = re.search(r"^frames (\d+) equal (\d+) .* samples (\d+) identical (\d+)", p.stdout, re.M)
    good = m and p.returncode in (0, 1)
    return [int(n) for n in m.groups()] if good else [0] * 4, p.stdout + p.stderr


def compare(name, pids, parts=1):
    """Of each process that `pids` gives one of so many parts of the samples."""
    results = [run(pid, SAMPLES // parts) for pid in pids]
    frames, equal, samples, identical = (sum(column) for column in zip(*(counts for counts, _ in results)))
    said = "\n".join(text for _, text in results)
    ok(samples == SAMPLES // parts * parts and frames >= FRAMES_EACH * samples, f"{name}: {samples} stacks of some depth", said)
    good = ok(frames and equal >= EQUAL / 100 * frames,
              f"{name}: {equal} of {frames} frames are libdwfl's, {identical} of {samples} stacks wholly", said)
    if good and identical < samples:
        note(said)


def server_nginx():
    server = nginx()
    worker = wait_until(lambda: children(server.pid), "nginx has a worker")[0]
    with wrk(f"http://127.0.0.1:{server.port}/files/large.bin"):
        compare("nginx", [worker])
    server.stop()


def python():
    pid = busy(PYTHON, f"{SERVERS}/busy.py")
    compare("python3", [pid])
    os.kill(pid, signal.SIGKILL)


def node():
    server = Server(["node", f"{SERVERS}/busy.js"])
    with wrk(f"http://127.0.0.1:{server.port}/"):
        compare("node", [server.pid])
    server.stop(signal.SIGKILL)


def speed(algorithm):
    process = start(["openssl", "speed", "-seconds", 60, *algorithm.split()], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    yield process.pid
    end(process)


def openssl():
    """Every algorithm has its own assembler."""
    algorithms = ["rsa2048", "dsa2048", "ecdsap256", "ecdhx25519", "-evp aes-256-gcm", "-evp aes-128-cbc", "-evp sha512", "-evp chacha20-poly1305"]
    compare("openssl speed", (pid for a in algorithms for pid in speed(a)), len(algorithms))


def cxx():
    pid = busy(f"{BUILD}/tests/servers/deep-cxx")
    compare("C++", [pid])
    os.kill(pid, signal.SIGKILL)


def rust():
    pid = busy(f"{BUILD}/tests/servers/deep-rust")
    compare("Rust", [pid])
    os.kill(pid, signal.SIGKILL)


main(server_nginx, python, node, openssl, cxx, rust)
