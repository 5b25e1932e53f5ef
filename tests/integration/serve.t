#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reports served over HTTP: who sees what, what clients may send, and each report as it lands. Needs root."""
import json
import os
import random
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "lib"))
from harness import NOBODY, PATIENCE, REQPROF, can_connect, environment, wait_until
from served import NAME, Serve, Stream, confined, land, reports, write
from tap import equal, main, none, ok

SECRET = "root:x:0:0"


# ---- what is served, and to whom ----------------------------------------------------------------------------------------------------


def pages():
    where = reports("000001", "000002")
    land(where, "000002", "json")
    land(where, "000002", "rp")
    with Serve(where) as s:
        answer = s.get()
        ok(answer.status == 200 and all(f"{NAME}{i}.html" in answer.text for i in ("000001", "000002")), "the list", answer.text[:300])
        policy = answer.headers["content-security-policy"]
        ok(policy.startswith("default-src 'none'; script-src 'sha256-") and "unsafe" not in policy and "frame-ancestors 'none'" in policy,
           "with a strict policy", policy)
        for path in ("", "newest", f"{NAME}000001.html", f"{NAME}000002.json", f"{NAME}000002.rp", "nothing"):
            headers = s.get(path).headers
            equal([headers.get(k) for k in ("cache-control", "x-content-type-options", "referrer-policy", "cross-origin-resource-policy")],
                  ["no-store", "nosniff", "no-referrer", "same-origin"], f"headers of {path or 'the list'}")
        answer = s.get(f"{NAME}000001.html")
        ok(answer.status == 200 and answer.body == b"<p>000001", "a report", answer.text)
        policy = answer.headers["content-security-policy"]
        ok(policy.startswith("sandbox allow-scripts") and "allow-same-origin" not in policy and "default-src 'none'" in policy
           and "frame-ancestors 'self'" in policy, "in a sandbox", policy)
        equal(s.get(f"{NAME}000002.json").headers["content-type"], "application/json", "another format")
        equal(s.get(f"{NAME}000002.rp").headers["content-disposition"], "attachment", "a profile is saved")
        for path in ("", "newest", f"{NAME}000001.html"):
            head, got = s.get(path, "HEAD"), s.get(path)
            ok(head.status == 200 and not head.body and head.headers["content-length"] == str(len(got.body)), f"HEAD of {path or 'the list'}",
               head.headers)
        curl = subprocess.run(["curl", "-sS", "-w", "%{http_code}", s.url, "-o", "/dev/null", "--next", "-sS", "-I", f"{s.url}newest"],
                              capture_output=True, text=True, check=False)
        ok(curl.returncode == 0 and curl.stdout.startswith("200HTTP/1.1 200 OK"), "as curl sees it", curl.stdout + curl.stderr)
        ok("http://" not in s.get("newest").text and "https://" not in s.get().text, "pages name nobody else")
        equal(s.stop(), 0, "^C ends it")
        ok(not can_connect(s.port), "and the port is free")


def tokens():
    with Serve(reports("000001")) as s:
        wrong = ["", s.token[:-1], s.token + "0", "x" + s.token[1:], s.token[:-1] + "x", "0" * 32, "%30" + s.token[1:], f"/{s.token}", f"./{s.token}",
                 f"x/../{s.token}"]
        answers = [s.get("", token=t) for t in wrong]
        none((f"{t}: {a.status}" for t, a in zip(wrong, answers) if a.status != 404), "a wrong token finds nothing")
        ok(len({a.body for a in answers}) == 1 and "000001" not in answers[0].text, "whatever is wrong with it", {a.body for a in answers})
        for path in (f"{NAME}000001.html", "events", "newest"):
            equal(s.get(path, token="0" * 32).status, 404, f"nor {path}")
        equal([s.line("GET / HTTP/1.1").status, s.line(f"GET /{s.token} HTTP/1.1").status, s.line("GET * HTTP/1.1").status], [404] * 3, "without one")
        s.stop()
        ok(s.log.find(r"refused: 16 requests without the token"), "they are counted", s.log.text)
    with Serve(reports()) as a, Serve(reports()) as b:
        ok(a.token != b.token and a.get(token=b.token).status == 404, "each run has another")


def hosts():
    with Serve(reports("000001")) as s:
        for host in (f"127.0.0.1:{s.port}", f"localhost:{s.port}", "127.0.0.1", "[::1]:8888", "LOCALHOST"):
            equal(s.get(host=host).status, 200, f"host {host}")
        for host in ("evil.example", f"evil.example:{s.port}", "127.0.0.1.evil.example", "localhost.evil.example", "127.0.0.1:x", "a@127.0.0.1",
                     socket.gethostname() + ".evil.example"):
            answer = s.get(host=host)
            ok(answer.status == 403 and "000001" not in answer.text, f"host {host} is refused", answer.status)
        two = s.raw(f"GET /{s.token}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nHost: evil.example\r\nConnection: close\r\n\r\n".encode())
        without = s.raw(f"GET /{s.token}/ HTTP/1.1\r\nConnection: close\r\n\r\n".encode())
        old = s.raw(f"GET /{s.token}/ HTTP/1.0\r\n\r\n".encode())
        ok(all(b"000001" not in a for a in (two, without, old)), "two hosts, or none, are too", (two[:80], without[:80], old[:80]))
        absolute = s.line(f"GET http://evil.example/{s.token}/ HTTP/1.1")
        ok(absolute.status in (400, 404) and "000001" not in absolute.text, "nor in the request line", absolute.status)


def methods():
    with Serve(reports("000001")) as s:
        for method in ("POST", "PUT", "DELETE", "OPTIONS", "TRACE", "PATCH", "CONNECT", "get", "PROPFIND"):
            answer = s.get(method=method)
            ok(answer.status == 405 and answer.headers.get("allow") == "GET, HEAD", f"{method} is refused", (answer.status, answer.headers))
        equal(s.line(f"GET /{s.token}/ HTTP/1.1", "Content-Length: 3").status, 400, "so is a body")
        equal(s.line(f"GET /{s.token}/ HTTP/1.1", "Transfer-Encoding: chunked").status, 400, "in chunks, too")
        hidden = f"GET /{s.token}/newest HTTP/1.1\r\nHost: localhost\r\n\r\n"
        answer = s.raw(f"GET /{s.token}/ HTTP/1.1\r\nHost: localhost\r\nContent-Length: {len(hidden)}\r\n\r\n{hidden}".encode())
        equal(answer.count(b"HTTP/1.1 "), 1, "and nothing in it is a request")


def traversal():
    where = reports("000001")
    parent = os.path.dirname(where)
    with open(f"{parent}/{NAME}00000f.html", "w", encoding="utf-8") as f:
        f.write(SECRET)
    os.chmod(f"{parent}/{NAME}00000f.html", 0o644)
    os.symlink("/etc/passwd", f"{where}/{NAME}00000a.html")
    os.symlink(f"../{NAME}00000f.html", f"{where}/{NAME}00000b.html")
    os.mkfifo(f"{where}/{NAME}00000c.html")
    os.mkdir(f"{where}/{NAME}00000d.html")
    write(f"{where}/notes.html", SECRET)
    write(f"{where}/.hidden", SECRET)
    with Serve(where) as s:
        paths = ["../etc/passwd", "../../../../../../../../etc/passwd", "/etc/passwd", "//etc/passwd", "..%2f..%2fetc%2fpasswd", "%2e%2e/etc/passwd",
                 "..\\..\\etc\\passwd", "....//....//etc/passwd", f"../{NAME}00000f.html", f"x/../{NAME}00000f.html", f"..;/{NAME}00000f.html",
                 f"%2e%2e%2f{NAME}00000f.html", f"./{NAME}000001.html", "notes.html", ".hidden", ".", "..", "index.html", ".gitignore",
                 f"{NAME}000001.html/", f"{NAME}000001.html/../x", f"{NAME}000001.html%00.rp", f"{NAME}000001.html%20", f"{NAME}00000a.html",
                 f"{NAME}00000b.html", f"{NAME}00000c.html", f"{NAME}00000d.html", f"{NAME}00000e.html", "proc/self/environ", "newest/", "events/",
                 "20261123T120107.114-GET-../../../etc/passwd-200-183ms-3f2a91.html", "a" * 20000]
        got = [(p, s.get(p)) for p in paths]
        none((f"{p}: {a.status}" for p, a in got if a.status not in (404, 413, 414, 431)), "nothing but reports is served")
        none((p for p, a in got if SECRET in a.text or "root:" in a.text), "and nothing of others")
        equal([s.get().status, s.get(f"{NAME}000001.html").status], [200, 200], "reports still are")
        ok(SECRET not in s.get().text, "the list has nothing of them")


def garbage():
    random.seed(7)
    with Serve(reports("000001")) as s:
        good = f"GET /{s.token}/ HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode()
        leaks = []
        for i in range(400):
            data = bytearray(good)
            for _ in range(random.randrange(1, 6)):
                at = random.randrange(len(data))
                data[at:at + random.randrange(3)] = random.choice([random.randbytes(random.randrange(4)), b"\r\n", b"\0", b"/../", b"%", b":", b" ",
                                                                   b"X" * 5000, b"Host: evil.example\r\n"])
            answer = s.raw(bytes(data), 1)
            if b"000001" in answer and s.token.encode() not in data:
                leaks.append(bytes(data))
        for data in (b"", b"\0" * 100000, b"\r\n" * 50000, b"A" * 200000, b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", b"\x16\x03\x01\x02\0\1\0\1\xfc\3\3",
                     good[:-2] + b"X: y\r\n" * 20000 + b"\r\n", good * 50):
            s.raw(data, 1)
        none(leaks, "400 damaged requests see nothing without the token")
        ok(s.process.poll() is None and s.get().status == 200, "and it serves on", s.log.text)
        with open(f"/proc/{s.process.pid}/status", encoding="utf-8") as f:
            status = f.read()
        memory = int(re.search(r"VmRSS:\s+(\d+) kB", status)[1])
        ok(memory < 40000 and "Threads:\t1\n" in status, "in one thread and little memory", status)
        wait_until(lambda: len(os.listdir(f"/proc/{s.process.pid}/fd")) < 12, "connections are closed")
        equal(s.stop(), 0, "to its end")


# ---- what comes ---------------------------------------------------------------------------------------------------------------------


def landing():
    where = reports("000001")
    with Serve(where) as s:
        sequence = json.loads(re.search(r'id="data">(.*?)</script>', s.get().text, re.S)[1])["sequence"]
        first, second = Stream(s, f"?since={sequence}"), Stream(s)
        land(where, "000002")
        for stream in (first, second):
            kind, row = stream.wait(1)[0]
            ok(kind == "row" and row[0] == f"{NAME}000002", "a report lands, and both who listen hear of it", stream.seen)
        ok(f"{NAME}000002.html" in s.get().text and f"{NAME}000002" in s.get("newest").text, "the list and the newest have it")
        os.unlink(f"{where}/{NAME}000001.html")
        equal(first.wait(2)[1], ("gone", f"{NAME}000001"), "one goes")
        second.close()
        land(where, "000003", "json")
        first.wait(3)
        late = Stream(s, headers=["Last-Event-ID: 1"])
        equal([e[0] for e in late.wait(2)], ["gone", "row"], "who comes back hears what he has missed")
        ahead = Stream(s, "?since=99999999999999999999999")
        equal(ahead.wait(1)[0][0], "again", "a number that never was: read all again")
        wrong = Stream(s, "?since=-1")
        land(where, "000004")
        equal(wrong.wait(1)[0][1][0], f"{NAME}000004", "no number: from now on")
        equal(s.get("events", "HEAD").status, 404, "HEAD of the events has none")
        equal(s.stop(), 0, "^C ends it while some listen")


def crowds():
    where = reports("000001")
    with Serve(where) as s:
        streams = [Stream(s) for _ in range(32)]
        equal(s.get("events").status, 503, "the 33rd who listens is refused")
        land(where, "000002")
        ok(all(stream.wait(1) for stream in streams), "the 32 hear")
        for stream in streams:
            stream.close()
        idle = [s.connect() for _ in range(80)]
        for c in idle[:40]:
            c.sendall(b"GET /")
        answer = s.get()
        ok(answer.status == 200, "80 connections that send nothing, or half a line, keep nobody out for long", answer.status)
        for c in idle:
            c.close()


def slow_reader():
    where = reports("000001")
    with open(f"{where}/{NAME}000009.html", "w", encoding="utf-8") as f:
        f.truncate(300 << 20)
    os.chown(f"{where}/{NAME}000009.html", NOBODY, NOBODY)
    with Serve(where) as s:
        with s.connect() as c:
            c.sendall(f"GET /{s.token}/{NAME}000009.html HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            c.recv(100)
            begin = time.monotonic()
            equal(s.get().status, 200, "who reads a large report slowly holds up nobody")
            ok(time.monotonic() - begin < PATIENCE, "at all")


# ---- the process --------------------------------------------------------------------------------------------------------------------


def processes():
    where = reports("000001")
    with Serve(where) as s:
        confined(s.process.pid, "serve, started by root,")
        equal(s.get(f"{NAME}000001.html").status, 200, "and reads them")
    with Serve(where, user=NOBODY) as s:
        equal(s.get(f"{NAME}000001.html").status, 200, "it needs no root")
        p = subprocess.run([REQPROF, "serve", where, f"--listen=127.0.0.1:{s.port}"], capture_output=True, text=True, check=False)
        expected = (f"reqprof: cannot serve on 127.0.0.1:{s.port}: the port is in use, perhaps by another reqprof; "
                    "--listen=127.0.0.1:0 takes a free one\n")
        equal([p.returncode, p.stderr], [1, expected], "a port in use is told, and what to do")
        equal(s.stop(signal.SIGTERM), 0, "SIGTERM ends it")


def places():
    ssh = environment(SSH_CONNECTION="192.0.2.1 50000 192.0.2.9 22")
    where = reports()
    with Serve(where, env=ssh) as s:
        ok(s.log.wait(rf"ssh -L {s.port}:127\.0\.0\.1:{s.port} \S+@192\.0\.2\.9`"), "over ssh it says how to get there")
    with Serve(where, env=ssh, wrapper=["sh", "-c", 'env -u SSH_CONNECTION "$0" "$@" & trap "kill -INT $!" INT; wait; wait']) as s:
        ok(s.log.wait(r"ssh -L .*@192\.0\.2\.9"), "although sudo hides that it is")
    with Serve(where, "--listen=0.0.0.0:0") as s:
        ok(s.log.find("warning: --listen: other machines can connect, and nothing is encrypted"), "beyond this machine it warns", s.log.text)
        ok(s.url.startswith(f"http://{socket.gethostname()}:"), "and names this machine", s.url)
        equal([s.get(host=f"{socket.gethostname()}:{s.port}").status, s.get(host="evil.example").status], [200, 403], "whose name may be asked for")
    with Serve(where) as s:
        ok("warning" not in s.log.text and "ssh" not in s.log.text, "else it says neither", s.log.text)
        equal(s.get(host=f"{socket.gethostname()}.x").status, 403, "nor is its name")


main(pages, tokens, hosts, methods, traversal, garbage, landing, crowds, slow_reader, processes, places)
