#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The breakpoint that follows asyncio's tasks is in a server only while a request of it is recorded; and misses nothing then. Needs root."""
import ctypes
import os
import re
import signal
import struct
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import PYTHON, SERVERS, Load, Recording, Server, connection, environment, fetch, free_port, uvicorn, wait_until
from tap import equal, main, none, ok

FUNCTION_BYTES = 64
INT3 = 0xcc
NOBODY = 65534
OF_LATE = 0.01          # of many requests: so many may have no arming thread in time, on a machine that is busy with others
PERF_EVENT_OPEN = 298
WHERE = """
import ctypes
address = ctypes.cast(ctypes.pythonapi.PyContext_CopyCurrent, ctypes.c_void_p).value
for line in open("/proc/self/maps"):
    start, end = (int(x, 16) for x in line.split()[0].split("-"))
    if start <= address < end:
        print(address - start + int(line.split()[2], 16), line.split()[5])
"""


class Code:
    """The function's code in the memory of a process, as it was when this was made."""

    def __init__(self, pid):
        offset, path = subprocess.run([PYTHON, "-c", WHERE], capture_output=True, text=True, check=True).stdout.split()
        with open(f"/proc/{pid}/maps", encoding="ascii") as f:
            rows = [line.split() for line in f if line.split()[-1] == path]
        at = [(int(row[0].split("-")[0], 16), int(row[2], 16), int(row[0].split("-")[1], 16)) for row in rows]
        self.path, self.offset = path, int(offset)
        (self._address,) = [start - skipped + int(offset) for start, skipped, end in at if skipped <= int(offset) < skipped + end - start]
        self._pid = pid
        self.first = self.now()

    def now(self):
        with open(f"/proc/{self._pid}/mem", "rb") as f:
            f.seek(self._address)
            return f.read(FUNCTION_BYTES)

    def breakpoints(self):
        """How many bytes are breakpoints that were not; -1 = there are other differences."""
        pairs = [(a, b) for a, b in zip(self.first, self.now()) if a != b]
        return len(pairs) if all(b == INT3 for _, b in pairs) else -1

    def is_out(self, name):
        wait_until(lambda: self.now() == self.first, f"{name}: the code as it was")
        ok(True, f"{name}: the code is as it was")


class Uprobe:
    """Of another program, at the function: it counts."""

    def __init__(self, pid, code):
        with open("/sys/bus/event_source/devices/uprobe/type", encoding="ascii") as f:
            kind = int(f.read())
        path = ctypes.create_string_buffer(code.path.encode())
        # struct perf_event_attr: type, size, config, sample_period, sample_type, read_format, flags, wakeup_events, bp_type, config1, config2
        attr = struct.pack("=IIQQQQQIIQQ", kind, 72, 0, 0, 0, 0, 0, 0, 0, ctypes.addressof(path), code.offset)
        self._fd = ctypes.CDLL(None, use_errno=True).syscall(PERF_EVENT_OPEN, attr, pid, -1, -1, 0)
        assert self._fd >= 0, os.strerror(ctypes.get_errno())

    def hits(self):
        return struct.unpack("Q", os.read(self._fd, 8))[0]

    def close(self):
        os.close(self._fd)


def asked(server, path):
    t = threading.Thread(target=server.get, args=[path], daemon=True)
    t.start()
    return t


def tasks_known(name, reports, least=1.0):
    none([f for x in reports for f in contract.faults(x)], f"{name}: the contract")
    known = sum(1 for x in reports if x["tasks"])
    ok(reports and known >= least * len(reports), f"{name}: their tasks are known", f"{known} of {len(reports)}")


def only_while_recorded():
    server = uvicorn()
    code = Code(server.pid)
    with Recording("--pid", server.pid, options=["-v"]) as r:
        ok(r.log.find("breakpoints of probes are in the processes while a request is recorded"), "-v says when", r.log.text)
        code.is_out("attached")
        server.get("/sleep/1")
        equal(code.breakpoints(), 0, "an unmarked request needs none")
        thread = asked(server, "/sleep/1000?profile=1")
        wait_until(code.breakpoints, "a marked request has one")
        equal(code.breakpoints(), 1, "a marked request has one, and nothing else is changed")
        thread.join()
        r.wait_reports(1)
        code.is_out("it is over")
        for _ in range(20):
            server.get("/hello?profile=1")
        r.wait_reports(21)
    tasks_known("alone", r.json(), 0.95)
    equal(code.breakpoints(), 0, "detached: none")
    server.stop()


def many():
    server = uvicorn()
    code = Code(server.pid)
    with Recording("--pid", server.pid) as r:
        with Load(server.port, "/hello", clients=4), connection(server.port) as c:
            seen = []
            for _ in range(200):
                fetch(c, "/hello?profile=1")
                seen.append(code.breakpoints())
        equal(set(seen), {1}, "a burst of marked requests: it stays in")
        r.wait_reports(200)
        code.is_out("the burst is over")
    tasks_known("beside four clients", r.json(), 1 - OF_LATE)
    server.stop()


def killed():
    server = uvicorn()
    code = Code(server.pid)
    for path in "/sleep/2000?profile=1", "/hello":
        with Recording("--pid", server.pid) as r:
            thread = asked(server, path)
            if "profile" in path:
                wait_until(code.breakpoints, "a breakpoint")
            r.stop(signal.SIGKILL)
            code.is_out(f"killed during {path}")
            thread.join()
    equal(server.get("/hello")[0], 200, "the server serves on")
    server.stop()


def two_recordings():
    server = uvicorn()
    code = Code(server.pid)
    with Recording("--pid", server.pid, options=["-m", "first=1"]) as a, Recording("--pid", server.pid, options=["-m", "second=1"]) as b:
        code.is_out("both attached")
        long = asked(server, "/sleep/1500?second=1")
        wait_until(code.breakpoints, "a breakpoint")
        for _ in range(5):
            server.get("/sleep/1?first=1")
        a.wait_reports(5)
        equal(code.breakpoints(), 1, "the one that is done leaves it to the other")
        server.get("/sleep/1?second=1")
        long.join()
        b.wait_reports(2)
        code.is_out("both are done")
        for _ in range(5):
            server.get("/sleep/1?second=1")
        b.wait_reports(7)
    tasks_known("the first", a.json(), 0.8)
    tasks_known("the second", b.json(), 0.8)
    equal(code.breakpoints(), 0, "both have ended: none")
    server.stop()


def beside_another_program():
    """Whose uprobe, attached at the same place while ours is out, misses nothing, before our first request and after our end."""
    server = uvicorn()
    code = Code(server.pid)
    with Recording("--pid", server.pid, options=["-v"]) as r:
        code.is_out("attached")
        uprobe = Uprobe(server.pid, code)
        equal(code.breakpoints(), 1, "another program's uprobe")
        counted = []
        for path in "/hello", "/hello?profile=1", "/hello?profile=1":
            before = uprobe.hits()
            server.get(path)
            counted.append(uprobe.hits() - before)
        ok(r.log.find("stays in it: another program has attached one there"), "-v says so", r.log.text)
        r.wait_reports(2)
    equal(code.breakpoints(), 1, "reqprof has ended, the other program's is there")
    before = uprobe.hits()
    server.get("/hello")
    counted.append(uprobe.hits() - before)
    ok(min(counted) > 0 and len(set(counted)) == 1, "it has seen each request", counted)
    uprobe.close()
    code.is_out("the other program has ended")
    server.stop()


def of_another_user():
    port = free_port()
    server = Server([PYTHON, "-m", "uvicorn", "fastapi_app:app", "--port", port, "--log-level", "critical", "--workers", "2"], port, cwd=SERVERS,
                    env=environment(), user=NOBODY, group=NOBODY, extra_groups=[])
    with Recording("--pid", server.pid, options=["-v"]) as r:
        wait_until(lambda: server.get("/hello")[0] == 200, "it serves")
        for _ in range(10):
            server.get("/sleep/1?profile=1")
        r.wait_reports(10)
    equal(r.log.find("stays in it"), None, "workers of another user")
    tasks_known("of another user", r.json(), 0.8)
    server.stop()


def without_real_time():
    """Where nobody would put it in in time it stays."""
    server = uvicorn()
    code = Code(server.pid)
    with Recording("--pid", server.pid, options=["-v"], wrapper=["setpriv", "--bounding-set", "-sys_nice"]) as r:
        ok(r.log.find("breakpoints of probes are in the processes always: SCHED_FIFO is refused"), "without SCHED_FIFO -v says so", r.log.text)
        wait_until(code.breakpoints, "a breakpoint")
        for _ in range(10):
            server.get("/sleep/1?profile=1")
        r.wait_reports(10)
        equal(code.breakpoints(), 1, "it stays")
        with Recording("--pid", server.pid, options=["-m", "other=1"]) as other:
            server.get("/sleep/1?other=1")
            other.wait_reports(1)
            equal(code.breakpoints(), 1, "and another recording leaves it there")
        equal(code.breakpoints(), 1, "to its end")
    tasks_known("without SCHED_FIFO", r.json())
    equal(code.breakpoints(), 0, "detached: none")
    server.stop()


main(only_while_recorded, many, killed, two_recordings, beside_another_program, of_another_user, without_real_time)
