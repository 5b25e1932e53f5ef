#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--serve: reports shown while they are recorded, and what that may not disturb. Needs root."""
import os
import signal
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from harness import NOBODY, REQPROF, Recording, can_connect, environment, http_server, wait_until
from served import NAME, Served, Stream, confined, reports
from tap import equal, main, none, ok


def child(recording, name):
    with open(f"/proc/{recording.process.pid}/task/{recording.process.pid}/children", encoding="utf-8") as f:
        for pid in f.read().split():
            with open(f"/proc/{pid}/comm", encoding="utf-8") as comm:
                if comm.read().strip() == name:
                    return int(pid)
    return 0


def recording():
    server = http_server()
    where = reports("000001")
    env = environment(SUDO_UID=str(NOBODY), SUDO_GID=str(NOBODY))
    with Recording("--pid", server.pid, where=where, formats=("html",), options=["--serve=127.0.0.1:0"], env=env) as r:
        s = Served(r.log)
        page = child(r, "reqprof-page")
        ok(page, "it is a process of its own")
        confined(page, "it")
        held = [os.readlink(f"/proc/{page}/fd/{fd}") for fd in os.listdir(f"/proc/{page}/fd")]
        ok(not any("bpf" in h or "perf_event" in h or "unix" in h for h in held) and len([h for h in held if h.startswith("socket:")]) == 1,
           "and has nothing of the recording", held)
        stream = Stream(s)
        idle = [s.connect() for _ in range(70)]
        server.get("/x?profile=1&key=s3cret")
        r.wait_reports(1)
        for c in idle:
            c.close()
        kind, row = stream.wait(1)[-1]
        ok(kind == "row" and row[2] == "/x?profile=1&key=…" and row[3] >= row[4] and sum(row[5][1::2]) in range(985, 1016),
           "the report lands with what its profile tells, while others hold all connections", row)
        answer = s.get(f"{row[0]}.html")
        ok(answer.status == 200 and "profile=1&amp;key=…" in answer.text and "s3cret" not in answer.text, "and can be read")
        ok("GET /x?profile=1&amp;key=…" in s.get().text and f"{NAME}000001.html" in s.get().text, "beside the earlier ones")
        p = subprocess.run([REQPROF, "--pid", str(server.pid), "-o", where, f"--serve=127.0.0.1:{s.port}"], capture_output=True, text=True,
                           check=False, env=env)
        ok(p.returncode == 1 and "--serve=127.0.0.1:0 takes a free one" in p.stderr and "attached" not in p.stderr,
           "a second recording on the same port is refused before it attaches", p.stderr)
        with Recording("--pid", server.pid, where=where, formats=("html",), options=["--serve=127.0.0.1:0"], env=env) as other:
            t = Served(other.log)
            both = [Stream(s), Stream(t)]
            server.get("/y?profile=1")
            none((x.seen for x in both if not x.wait(2)), "on another, both show what either records")
            equal(other.stop(), 0, "one ends")
            ok(not can_connect(t.port) and can_connect(s.port), "and takes its page along")
        equal(r.stop(), 0, "the other, too")
        ok(not os.path.exists(f"/proc/{page}") and not can_connect(s.port), "nothing is left")
    with open(f"{where}/index.html", encoding="utf-8") as f:
        text = f.read()
    ok(text.count("GET /y?profile=1</bdi>") == 2 and "GET /x?profile=1&amp;key=…</bdi>" in text, "index.html has the reports of both", text[-800:])
    server.stop()


def accidents():
    server = http_server()
    with Recording("--pid", server.pid, options=["--serve=127.0.0.1:0"]) as r:
        page = child(r, "reqprof-page")
        os.kill(page, signal.SIGKILL)
        server.get("/x?profile=1")
        r.wait_reports(1)
        status = r.stop()
        ok(status == 0 and r.log.find("the process that served the reports was ended by signal 9"), "recording does not need it", r.log.text)
    r = Recording("--pid", server.pid, options=["--serve=127.0.0.1:0"])
    page = child(r, "reqprof-page")
    r.process.kill()
    wait_until(lambda: not os.path.exists(f"/proc/{page}") or open(f"/proc/{page}/stat", encoding="utf-8").read().split()[2] == "Z",
               "it ends with who started it, however that ends")
    ok(True, "it ends with who started it, however that ends")
    r.end()
    with Recording("--pid", server.pid, options=["--serve=127.0.0.1:0"]) as r:
        page = child(r, "reqprof-page")
        os.kill(page, signal.SIGSTOP)
        server.get("/x?profile=1")
        r.wait_reports(1)
        equal(r.stop(), 0, "if it hangs, recording goes on, and ends by ^C")
        ok(r.log.find("the process that serves the reports does not end: it is killed") and not os.path.exists(f"/proc/{page}"),
           "it is killed then, which is said", r.log.text)
    server.stop()


main(recording, accidents)
