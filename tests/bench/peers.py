#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""
reqprof beside profilers that run in the process, on FastAPI: what they cost requests that nobody asked about, how much longer a profiled request
takes, and how much of its wall time they explain. Installs pyinstrument and fastapi_profiler from PyPI, in an environment that is removed at the end.
"""
import json
import statistics
import subprocess
import time

from bench import Bench
from harness import PYTHON, Recording, connection, fetch, scratch, uvicorn
from load import timed
from throughput import computed, pairs

# With these the figures can be had again.
PACKAGES = {"pyinstrument": "pyinstrument==5.1.3", "fastapi_profiler": "fastapi_profiler==1.5.0"}
TITLE = "| FastAPI on uvicorn | reqprof | pyinstrument in a middleware | fastapi_profiler |\n|---|---|---|---|"
HELLO, FETCH = "/hello", "/fetch"
WORK = {"/fib": "calls of Python (fib)", "/orm": "many small calls, as of an ORM", "/json": "JSON dumps and loads",
        "/fib_in_pool": "calls of Python in a `def` endpoint", FETCH: "awaits of 30 ms, and CPU"}
NOT_EXPLAINED = ("[await]", "[out-of-context]")


def environment_with(packages):
    """(its Python, those of the packages that could be installed)"""
    where = scratch("venv")
    subprocess.run([PYTHON, "-m", "venv", "--system-site-packages", where], check=True)
    python = f"{where}/bin/python"
    pip = [python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    return python, [name for name, version in packages.items() if not subprocess.run([*pip, version], check=False).returncode]


class Peers:
    def __init__(self, bench):
        self.bench = bench
        self.python, self.there = environment_with(PACKAGES)

    def serve(self, peer="", **env):
        return uvicorn("peers_app", python=self.python, PEER=peer, **env)

    def row(self, what, ours, others):
        """`others` by their name; of one that has no such figure, or is not there, that is said."""
        cells = [ours, *(others.get(name, "—" if name in self.there else "not installed") for name in PACKAGES)]
        print(f"| {what} | {' | '.join(cells)} |", flush=True)


# ---- requests that nobody asked about ------------------------------------------------------------------------------------------------------


def ratio_in_process(peers, peer, **env):
    """Requests a second with the profiler in the process, divided by those without, in turn this and that first; as text."""
    plain, profiled = peers.serve(**env), peers.serve(peer, **env)
    timed(plain, HELLO, 1)     # warm
    try:
        timed(profiled, HELLO, 1)
        return f"{median_ratio(peers.bench, peer, plain, profiled):.3f}"
    except ChildProcessError as e:      # wrk got something else than 200
        peers.bench.raw(f"{peer}: {e}")
        return "answers with errors"
    finally:
        plain.stop()
        profiled.stop()


def median_ratio(bench, peer, plain, profiled):
    ratios = []
    for i in range(bench.pick(7, 2)):
        order = [plain, profiled] if i % 2 else [profiled, plain]
        rate = {server: timed(server, HELLO, bench.pick(4, 1)).rate for server in order}
        ratios.append(rate[profiled] / rate[plain])
        bench.raw(f"{peer}: {rate[profiled]:.0f} / {rate[plain]:.0f} requests/s = {ratios[-1]:.3f}")
    return statistics.median(ratios)


def unmarked(peers, what, **env):
    server = peers.serve(**env)
    found = pairs(peers.bench, server, HELLO)
    ours = statistics.median(with_.rate / without.rate for with_, without in found)
    steady = computed(peers.bench, server, HELLO, statistics.median(without.cpu_ns for _, without in found))
    server.stop()
    peers.row(what, f"{ours:.3f}, computed {steady:.3f}", {peer: ratio_in_process(peers, peer, **env) for peer in peers.there})


# ---- requests that are profiled --------------------------------------------------------------------------------------------------------------


def elapsed(c, path):
    begin = time.perf_counter()
    status, body = fetch(c, path)
    if status != 200:
        raise AssertionError(f"{path}: {status} {body[:200]}")
    return time.perf_counter() - begin


def slowdown(bench, c, path, marked):
    """How many times as long as an unmarked one a marked request takes for its client: medians of requests in turn."""
    plain, profiled = [], []
    for _ in range(bench.pick(40, 3)):
        plain.append(elapsed(c, path))
        profiled.append(elapsed(c, marked))
        time.sleep(0.02)            # what is done after the response is not the next one's
    bench.raw(f"{marked}: {1000 * statistics.median(profiled):.2f} / {1000 * statistics.median(plain):.2f} ms")
    return statistics.median(profiled) / statistics.median(plain)


def slowdowns(peers):
    """{who: {path: times}}. fastapi_profiler has no unmarked requests: beside its server stands one without it."""
    bench, found = peers.bench, {}
    server = peers.serve()
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        elapsed(c, HELLO)
        found["reqprof"] = {path: slowdown(bench, c, path, f"{path}?profile=1") for path in WORK}
        r.wait_reports(len(WORK) * bench.pick(40, 3))
    server.stop()
    if "pyinstrument" in peers.there:
        server = peers.serve("pyinstrument")
        with connection(server.port) as c:
            found["pyinstrument"] = {path: slowdown(bench, c, path, f"{path}?profile=1") for path in WORK}
        server.stop()
    if "fastapi_profiler" in peers.there:
        found["fastapi_profiler"] = slowdowns_of_all(peers, "fastapi_profiler")
    return found


def slowdowns_of_all(peers, peer):
    plain, profiled = peers.serve(), peers.serve(peer)
    found = {}
    with connection(plain.port) as one, connection(profiled.port) as other:
        for path in WORK:
            rows = [(elapsed(one, path), elapsed(other, path)) for _ in range(peers.bench.pick(40, 3))]
            found[path] = statistics.median(b for _, b in rows) / statistics.median(a for a, _ in rows)
            peers.bench.raw(f"{peer}: {path}: {found[path]:.2f} times")
    plain.stop()
    profiled.stop()
    return found


# ---- what they explain -----------------------------------------------------------------------------------------------------------------------


def explained_by_reqprof(report):
    time_ = report["time"]
    return 1 - max(time_["classes_ns"]["unknown"], time_["ambiguous_ns"]) / time_["wall_ns"]


def not_explained(frame):
    if frame["function"] in NOT_EXPLAINED:
        return frame["time"]
    return sum(not_explained(child) for child in frame["children"])


def explained_by_pyinstrument(text, wall):
    """What is in a function below the loop's own. It says that something is awaited, but not what. `wall`: of an unmarked request, so that its
    own cost is not held against it."""
    root = json.loads(text)["root_frame"]
    if not root:
        return 0.0
    idle = sum(child["time"] for child in root["children"] if child["function"] == "[self]")
    return max(0.0, root["time"] - idle - not_explained(root)) / max(wall, root["time"])


def shares_explained(peers):
    found = {"reqprof": {}, "pyinstrument": {}}
    server = peers.serve()
    with Recording("--pid", server.pid) as r, connection(server.port) as c:
        for path in WORK:
            elapsed(c, f"{path}?profile=1")
        r.wait_reports(len(WORK))
    server.stop()
    for path, report in zip(WORK, r.json()):
        found["reqprof"][path] = explained_by_reqprof(report)
    if "pyinstrument" in peers.there:
        sessions = scratch("sessions")
        server = peers.serve("pyinstrument", SESSIONS=sessions)
        with connection(server.port) as c:
            for path in WORK:
                wall = elapsed(c, path)
                elapsed(c, f"{path}?profile=1")
                with open(f"{sessions}{path}.json", encoding="utf-8") as f:
                    found["pyinstrument"][path] = explained_by_pyinstrument(f.read(), wall)
        server.stop()
    return found


def main():
    bench = Bench(__doc__)
    peers = Peers(bench)
    print(TITLE, flush=True)
    unmarked(peers, "unmarked hello: requests/s with it / without")
    unmarked(peers, "the same, with a middleware that does nothing", MIDDLEWARE="1")
    times = slowdowns(peers)
    for path, what in WORK.items():
        peers.row(f"a profiled request / another: {what}", f"{times['reqprof'][path]:.2f}",
                  {peer: f"{of[path]:.2f}" for peer, of in times.items() if peer != "reqprof"})
    shares = shares_explained(peers)
    for path, what in WORK.items():
        peers.row(f"wall time explained: {what}", f"{100 * shares['reqprof'][path]:.0f} %",
                  {peer: f"{100 * of[path]:.0f} %" for peer, of in shares.items() if peer != "reqprof" and of})


if __name__ == "__main__":
    main()
