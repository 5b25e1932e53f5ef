#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Stacks by the program's unwinder against libdwfl's, frame by frame, of threads that are stopped for it. UNWIND_SAMPLES of each program (1000).
And how many are whole of servers under load. Needs root."""
import contextlib
import os
import re
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import BUILD, PATIENCE, PYTHON, SERVERS, Output, Server, connection, environment, fetch, nginx, postgresql, start, uvicorn, wait_until
from tap import main, note, ok

SAMPLES = int(os.environ.get("UNWIND_SAMPLES", "1000"))
EQUAL = 99.5                    # per cent of all frames
FRAMES_EACH = 4                 # at least: a walk that stops at once, as libdwfl's may too, proves nothing


def busy(*command, **env):
    """A program that computes for ever and says when it does."""
    process = start(command, env=environment(**env), stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
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


def binding():
    """The dynamic linker at work, called by the program's calls."""
    pid = busy(f"{BUILD}/tests/servers/lazy-cfi", LD_BIND_NOT="1")
    compare("lazy binding", [pid])
    os.kill(pid, signal.SIGKILL)


def whole(name, pids, least=500):
    """Of the stacks that a clock takes of these processes, at most 0.5 % end before their bottom."""
    counts = {}
    said = ""
    for pid in pids:
        p = subprocess.run([f"{BUILD}/tests/unwind/sample", "-v", str(pid), "2", "997"], capture_output=True, text=True, timeout=PATIENCE)
        said += p.stdout + p.stderr
        for key, _, value in (word.partition("=") for line in p.stdout.splitlines() if line.startswith("stacks=") for word in line.split()):
            counts[key] = counts.get(key, 0) + int(value)
    stacks, complete = counts.get("stacks", 0), counts.get("complete", 0)
    ok(stacks >= least and counts["frames"] >= FRAMES_EACH * stacks, f"{name}: {stacks} stacks under load", said)
    ok(stacks and complete >= 0.995 * stacks, f"{name}: {complete} of {stacks} are whole", said)


def warm_up(server):
    """Until most of its code is compiled: `sample` looks for new code only when it is missing, not when it is made."""
    with connection(server.port) as c:
        for _ in range(300):
            fetch(c, "/")


def under_load():
    server = nginx()
    worker = wait_until(lambda: children(server.pid), "nginx has a worker")[0]
    with wrk(f"http://127.0.0.1:{server.port}/files/small.txt"):
        whole("nginx", [worker])
    server.stop()
    server = uvicorn()
    with wrk(f"http://127.0.0.1:{server.port}/hello"):
        whole("uvicorn", [server.pid])
    server.stop()
    server = Server(["node", f"{SERVERS}/busy.js"])
    with wrk(f"http://127.0.0.1:{server.port}/"):
        warm_up(server)
        whole("node", [server.pid])
    server.stop(signal.SIGKILL)


def backends_of(server):
    """Those of clients that stay: pgbench asks something first, on a connection of its own."""
    def now():
        found = set()
        for pid in children(server.pid):
            with contextlib.suppress(OSError), open(f"/proc/{pid}/cmdline", encoding="utf-8", errors="replace") as f:
                if "nobody postgres [local]" in f.read():
                    found.add(pid)
        return found

    first = now()
    time.sleep(0.3)
    stayed = sorted(first & now())
    return stayed if len(stayed) == 2 else None


def database():
    """A backend of PostgreSQL at work on queries and updates."""
    server, socket, programs = postgresql()
    pgbench = [f"{programs}/pgbench", "-h", socket, "-p", server.port, "-U", "nobody"]
    subprocess.run([str(x) for x in [*pgbench, "-i", "-q", "-s", 1, "postgres"]], check=True, capture_output=True)
    load = start([*pgbench, "-n", "-c", 2, "-T", 60, "postgres"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        whole("PostgreSQL", wait_until(lambda: backends_of(server), "two backends"), 300)
    finally:
        end(load)
    server.stop()


main(server_nginx, python, node, openssl, cxx, rust, binding, under_load, database)
