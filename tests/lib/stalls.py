# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What clients notice while probes come and go."""
import subprocess
import time

from harness import BUILD, Clients, fetch


class Stalls(Clients):
    """Clients that note their failures and the longest time that one has waited."""

    def __init__(self, server, clients=4):
        super().__init__(server.port, self._ask, ["/hello"] * clients)
        self.longest, self.sent, self.failed = 0, 0, 0

    def _ask(self, c, path):
        begin = time.monotonic()
        try:
            good = fetch(c, path)[0] == 200
        except OSError:
            good = False
        took = time.monotonic() - begin
        with self.lock:
            self.sent += 1
            self.failed += not good
            self.longest = max(self.longest, took)
        time.sleep(0.001)


def cycle_probes(name, server, n):
    """Attach the probes of a known server to its workers and detach them, n times: tests/bench/cycles.c. Returns what it says."""
    with open(f"/proc/{server.pid}/task/{server.pid}/children", encoding="ascii") as f:
        workers = f.read().split()
    p = subprocess.run([f"{BUILD}/tests/bench/cycles", name, str(n), *workers], capture_output=True, text=True, check=False)
    if p.returncode:
        raise ChildProcessError(p.stderr)
    return {key: int(value) for key, value in (x.split("=") for x in p.stdout.split())}
