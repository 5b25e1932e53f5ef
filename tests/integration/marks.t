#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""How requests are marked: secrets, paths, files of markers, what comes near; how much is said. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import Recording, free_port, http_server, path_of, pool, scratch, start, PYTHON, SERVERS, can_connect, wait_until
from tap import equal, main, none, ok

SECRET = "s3cret-value"


def secret():
    server = pool()
    with Recording("--pid", server.pid, "-m", f"token={SECRET}", "-v", formats=("html", "json", "text", "folded")) as r:
        server.get("/do/a:5?token=guessed")
        server.get("/do/a:5?profile=1")
        server.get(f"/do/b:5?token={SECRET}&id=private")
        r.wait_reports(1)
        r.stop()
    reports = r.json()
    equal([x["request"]["target"] for x in reports], ["/do/b:5?token=…&id=…"], "only the secret marks, and it is masked")
    equal([x["request"]["marker"] for x in reports], ["token=…"], "in the marker too")
    files = os.listdir(r.where)
    equal(len([f for f in files if "-GET-" in f]), 5, "all formats and the profile")
    none([f for f in files if any(word in open(f"{r.where}/{f}", "rb").read() for word in (SECRET.encode(), b"private"))], "it is in no file")
    none([line for line in r.log.lines + r.reports.lines if SECRET in line], "nor in any line")
    ok(r.log.find(r"^curl '.*\?token=…'"), "the command to run next has it masked", r.log.text)
    ok(r.log.find("seen token=…: not the marker's value") and not r.log.find("guessed"), "a wrong value is told, but not which", r.log.text)


def kept():
    server = pool()
    with Recording("--pid", server.pid, "--keep-url") as r:
        server.get("/do/a:5?id=7&profile=1")
        r.wait_reports(1)
    equal([x["request"]["target"] for x in r.json()], ["/do/a:5?id=7&profile=1"], "--keep-url keeps the values")


def paths():
    server = http_server()
    with Recording("--pid", server.pid, "-m", "path:GET /sleep/*", "-m", "path:/cpu/3") as r:
        for path in "/sleep/1", "/sleep/2?x=y", "/cpu/3", "/cpu/33", "/Sleep/1", "/hello?profile=1", "/hello":
            server.get(path)
        server.get("/cpu/3?")
        r.wait_reports(4)
        r.stop()
    equal([(x["request"]["target"], x["request"]["marker"]) for x in r.json()],
          [("/sleep/1", "path:GET /sleep/*"), ("/sleep/2?x=…", "path:GET /sleep/*"), ("/cpu/3", "path:/cpu/3"), ("/cpu/3?", "path:/cpu/3")],
          "path markers: as given, without touching the URL")
    ok(r.log.find(r"^curl '[^?]*'"), "the command to run next has no query", r.log.text)


def markers_file():
    server = pool()
    name = f"{scratch('markers')}/markers"
    with open(name, "w", encoding="utf-8") as f:
        f.write(f"# who may\n\nhurry=1\ntoken={SECRET}\n")
    with Recording("--pid", server.pid, "-m", f"@{name}") as r:
        for query in "?hurry=1", f"?token={SECRET}", "?profile=1", "":
            server.get(f"/do/a:1{query}")
        r.wait_reports(2)
        r.stop()
    equal([x["request"]["marker"] for x in r.json()], ["hurry=1", "token=…"], "markers from a file")


def near():
    server = pool()
    with Recording("--pid", server.pid) as r:
        server.get("/do/a:1?profile=true")
        server.raw(b"GET /do/a:1?profile=\x1b[31m\x7f" + b"x" * 100 + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        r.log.wait("seen profile=true: the marker is profile=1")
        server.get("/absent?profile=1")
        r.log.wait(r"the app refused it \(404\); if because of the extra parameter: -m 'path:/absent\*'")
        server.get("/absent?profile=1")
        r.wait_reports(2)
        r.stop()
    equal(len([line for line in r.log.lines if "the marker is" in line]), 1, "near: told once")
    equal(len([line for line in r.log.lines if "the app refused it" in line]), 1, "refused by the app: told once")
    equal([path_of(x) for x in r.json()], ["/absent"] * 2, "and recorded")


def not_a_server():
    sleeper = start(["/bin/sleep", "1000"])
    with Recording("--pid", sleeper.pid, ready=rf"warning: .*{sleeper.pid} listens on no socket") as r:
        equal(r.stop(), 0, "a process that serves nothing: a warning, no error")


def verbosity():
    server = pool()
    with Recording("--pid", server.pid, "-q", ready=None) as r:
        wait_until(lambda: not server.get("/do/a:2?profile=1") or r.reports.lines, "a quiet report")
        r.stop()
    equal(r.log.lines, [], "-q: nothing but the reports")
    with Recording("--pid", server.pid, "-v") as r:
        server.get("/do/a:50?profile=1")
        r.wait_reports(1)
        r.stop()
    ok(r.log.find(r"^armed cpu \d+ after \d+\.\d us"), "-v: how fast it was armed", r.log.text)


def restarted():
    """--port is about the port: whoever listens there later is attached to."""
    port = free_port()
    def serve():
        p = start([PYTHON, "-m", "http.server", port, "--bind", "127.0.0.1"], cwd=SERVERS, stdout=-3, stderr=-3)
        wait_until(lambda: can_connect(port), "http.server listens")
        return p
    first = serve()
    with Recording("--port", port) as r:
        first.terminate()
        first.wait()
        second = serve()
        r.log.wait(rf"^attached {second.pid} ")
        import urllib.request
        urllib.request.urlopen(f"http://127.0.0.1:{port}/?profile=1").read()
        r.wait_reports(1)
        r.stop()
    equal([x["request"]["pid"] for x in r.json()], [second.pid], "--port: a restarted server is attached to again")


main(secret, kept, paths, markers_file, near, not_a_server, verbosity, restarted)
