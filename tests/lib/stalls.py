# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What clients notice while probes come and go."""
import subprocess
import threading
import time

from harness import BUILD, PATIENCE, connection, fetch


class Stalls:
    """Clients that note their failures and the longest time that one has waited."""

    def __init__(self, server, clients=4):
        self.server, self.longest, self.sent, self.failed = server, 0, 0, 0
        self._stop, self._lock = threading.Event(), threading.Lock()
        self._threads = [threading.Thread(target=self._run, daemon=True) for _ in range(clients)]

    def _run(self):
        with connection(self.server.port) as c:
            while not self._stop.is_set():
                begin = time.monotonic()
                try:
                    good = fetch(c, "/hello")[0] == 200
                except OSError:
                    good = False
                took = time.monotonic() - begin
                with self._lock:
                    self.sent += 1
                    self.failed += not good
                    self.longest = max(self.longest, took)
                time.sleep(0.001)

    def __enter__(self):
        for t in self._threads:
            t.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for t in self._threads:
            t.join(PATIENCE)


def cycle_probes(name, server, n):
    """Attach the probes of a known server to its workers and detach them, n times: tests/bench/cycles.c. Returns what it says."""
    with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as f:
        workers = f.read().split()
    p = subprocess.run([f"{BUILD}/tests/bench/cycles", name, str(n), *workers], capture_output=True, text=True, check=False)
    if p.returncode:
        raise ChildProcessError(p.stderr)
    return {key: int(value) for key, value in (x.split("=") for x in p.stdout.split())}
