#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What ends in the middle of a request: the target, reqprof, the reader of its output; and two recordings of one target. Needs root."""
import glob
import os
import re
import signal
import subprocess
import sys
import threading

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import REQPROF, Recording, http_server, path_of, pool, scratch, start, wait_until
from tap import equal, main, none, ok

MS = 1_000_000


class Asked(threading.Thread):
    """A request whose answer is not waited for."""

    def __init__(self, server, path):
        super().__init__(daemon=True)
        self.server, self.path, self.status = server, path, None
        self.start()

    def run(self):
        try:
            self.status, _ = self.server.get(self.path)
        except (OSError, ConnectionError):
            pass
        except Exception as e:
            if "RemoteDisconnected" not in repr(e):
                raise


def live(r):
    """Waits until a request is being recorded: a snapshot of it can be had."""
    def snapshot():
        r.process.send_signal(signal.SIGUSR1)
        return r.reports.lines
    wait_until(snapshot, "a live request")


def command_line(pid):
    with open(f"/proc/{pid}/cmdline", encoding="ascii") as f:
        return f.read()


def cut_off(name, reports):
    equal([(x["request"]["cut_off"], x["request"]["end"], x["request"]["status"]) for x in reports], [(True, "cut_off", 0)],
          f"{name}: one report, cut off")
    none([f for x in reports for f in contract.faults(x)], f"{name}: the contract")


def target_killed():
    server = http_server()
    with Recording("--pid", server.pid) as r:
        Asked(server, "/sleep/20000?profile=1")
        live(r)
        server.stop(signal.SIGKILL)
        equal(r.end(), 0, "the target is killed: the end, exit status 0")
    cut_off("killed", r.json())
    ok(r.log.find(r"1 report written"), "killed: a summary", r.log.text)


def target_exits():
    server = http_server()
    with Recording("--pid", server.pid, "-n", "2") as r:
        Asked(server, "/exit?profile=1")
        equal(r.end(), 1, "the target exits before -n is reached: exit status 1")
    cut_off("exits", r.json())


def target_execs():
    server = http_server()
    with Recording("--pid", server.pid) as r:
        Asked(server, "/exec?profile=1")
        r.wait_reports(1)
        ok(r.process.poll() is None, "the target execs: it is still followed")
        equal(r.stop(), 0, "execs: ^C ends with 0")
    cut_off("execs", r.json())


def thread_execs():
    """Another thread than the first one, which the kernel puts into its place."""
    server = http_server()
    with Recording("--pid", server.pid) as r:
        Asked(server, "/restart")
        wait_until(lambda: os.path.exists(f"/proc/{server.pid}") and "--listening" in command_line(server.pid), "the server restarts itself")
        equal(server.get("/cpu/5?profile=1")[0], 200, "a thread execs: the new program answers")
        r.wait_reports(1)
        server.stop()
        equal(r.end(), 0, "a thread execs: its end is seen")
    equal([path_of(x) for x in r.json()], ["/cpu/5"], "a thread execs: it is still followed")


def interrupted():
    server = http_server()
    with Recording("--pid", server.pid) as r:
        asked = Asked(server, "/sleep/1000?profile=1")
        live(r)
        equal(r.stop(), 0, "^C during a request: exit status 0")
        asked.join()
        equal(asked.status, 200, "^C: the request itself is answered")
    cut_off("^C", r.json())


def interrupted_twice():
    """The worker hangs: the second ^C does not wait for it."""
    server = http_server()
    r = Recording("--pid", server.pid)
    worker = int(open(f"/proc/{r.process.pid}/task/{r.process.pid}/children", encoding="ascii").read())
    os.kill(worker, signal.SIGSTOP)
    r.process.send_signal(signal.SIGINT)
    try:
        r.process.wait(0.5)
    except subprocess.TimeoutExpired:
        pass
    ok(r.process.poll() is None, "^C waits for the worker")
    r.process.send_signal(signal.SIGINT)
    equal(r.end(), 1, "^C twice does not: exit status 1")
    wait_until(lambda: not os.path.exists(f"/proc/{worker}"), "the worker is gone")
    equal(server.get("/hello")[0], 200, "^C twice: the target serves")


def snapshot():
    server = http_server()
    with Recording("--pid", server.pid) as r:
        asked = Asked(server, "/sleep/1000?profile=1")
        live(r)
        wait_until(lambda: len(r.json()) == 1, "one snapshot: a second one replaces the first")
        cut_off("SIGUSR1", r.json())
        asked.join()
        wait_until(lambda: [x for x in r.json() if not x["request"]["cut_off"]], "the final report")
        r.stop()
    reports = r.json()
    equal([(x["request"]["cut_off"], x["request"]["status"]) for x in reports], [(False, 200)], "the final report replaces the snapshot")
    ok(reports and reports[0]["time"]["wall_ns"] >= 1000 * MS, "and has the whole time")
    equal(len(glob.glob(f"{r.where}/*.rp")), 1, "one profile")


def nobody_reads():
    server = http_server()
    where = scratch("unread")
    reader, writer = os.pipe()
    p = start([REQPROF, "record", "--pid", server.pid, "-o", where, "-f", "json"], stdout=writer, stderr=subprocess.PIPE, text=True)
    os.close(writer)
    os.close(reader)
    while not p.stderr.readline().startswith("curl "):
        pass
    for _ in range(3):
        server.get("/hello?profile=1")
    wait_until(lambda: len(glob.glob(f"{where}/*.json")) == 3, "three reports without a reader")
    p.send_signal(signal.SIGINT)
    log = p.communicate()[1]
    ok(p.returncode == 0 and "3 reports written" in log, "nobody reads standard output: recording goes on, exit status 0", f"{p.returncode} {log}")


def held(pid, word):
    """Ids of BPF objects that a process holds by descriptors."""
    ids = set()
    for path in glob.glob(f"/proc/{pid}/fdinfo/*"):
        try:
            with open(path, encoding="ascii") as f:
                ids |= {int(n) for n in re.findall(rf"^{word}:\s+(\d+)$", f.read(), re.M)}
        except FileNotFoundError:  # closed meanwhile: not one of those that last
            continue
    return ids


def exist(kind, ids):
    return [i for i in ids if subprocess.run(["bpftool", kind, "show", "id", str(i)], capture_output=True).returncode == 0]


def killed():
    """What is in the kernel hangs on descriptors of the two processes, so it goes with them."""
    server = pool()
    r = Recording("--pid", server.pid)
    worker = int(open(f"/proc/{r.process.pid}/task/{r.process.pid}/children", encoding="ascii").read())
    asked = Asked(server, "/do/a:1500?profile=1")
    live(r)
    objects = {kind: held(r.process.pid, word) | held(worker, word) for kind, word in (("prog", "prog_id"), ("map", "map_id"), ("link", "link_id"))}
    ok(all(objects[kind] for kind in ("prog", "map")) and exist("prog", objects["prog"]), "programs and maps are there", objects)
    r.process.kill()
    r.process.wait()
    wait_until(lambda: not os.path.exists(f"/proc/{worker}"), "the worker ends with the tracer")
    for kind, ids in objects.items():
        try:
            wait_until(lambda: not exist(kind, ids), f"no {kind} is left", 10)
        except TimeoutError:
            pass
        equal(exist(kind, ids), [], f"SIGKILL: no {kind} is left in the kernel")
    asked.join()
    equal((asked.status, server.get("/do/a:1")[0]), (200, 200), "SIGKILL: the target serves")
    with Recording("--pid", server.pid) as again:
        server.get("/do/a:1?profile=1")
        again.wait_reports(1)
    equal(len(again.json()), 1, "SIGKILL: and can be attached to again")


def two_at_once():
    server = pool()
    with Recording("--pid", server.pid) as one, Recording("--pid", server.pid) as two:
        for _ in range(5):
            server.get("/do/a:5/sleep:5?profile=1")
        one.wait_reports(5)
        two.wait_reports(5)
        one.stop()
        server.get("/do/b:5?profile=1")
        two.wait_reports(6)
    equal((len(one.json()), len(two.json())), (5, 6), "two recordings of one target: each has all")
    none([f"{path_of(x)}: {f}" for x in one.json() + two.json() for f in contract.faults(x)], "two recordings: the contract")


main(target_killed, target_exits, target_execs, thread_execs, interrupted, interrupted_twice, snapshot, nobody_reads, killed, two_at_once)
