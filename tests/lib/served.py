# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Reports that are served over HTTP: directories of them, the server, and clients that may send anything."""
import json
import os
import re
import signal
import socket
import subprocess

from harness import NOBODY, PATIENCE, REQPROF, Output, environment, scratch, start, wait_until
from tap import ok

NAME = "20261123T120107.114-GET-orders-200-183ms-"


def write(path, text):
    """Whole or not at all, as reports are written."""
    with open(f"{path}.tmp", "w", encoding="utf-8") as f:
        f.write(text)
    os.rename(f"{path}.tmp", path)


def reports(*ids):
    where = scratch("served")
    os.chmod(os.path.dirname(where), 0o755)
    for i in ids:
        write(f"{where}/{NAME}{i}.html", f"<p>{i}")
    for root, _, files in os.walk(where):
        for path in [root, *(f"{root}/{f}" for f in files)]:
            os.chown(path, NOBODY, NOBODY)
    os.chmod(where, 0o700)
    return where


def land(where, i, extension="html"):
    write(f"{where}/{NAME}{i}.{extension}", f"<p>{i}")


class Answer:
    def __init__(self, raw):
        head, _, self.body = raw.partition(b"\r\n\r\n")
        lines = head.decode("latin-1").split("\r\n")
        self.status = int(lines[0].split()[1]) if raw.startswith(b"HTTP/1.1 ") else 0
        self.headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines[1:])}

    @property
    def text(self):
        return self.body.decode("utf-8", "replace")


class Served:
    """What can be asked of a server whose URL is in the lines of `log`."""

    def __init__(self, log):
        self.log = log
        m = log.wait(r"reports: (http://([^/]+):(\d+)/([0-9a-f]{32})/)")
        self.url, self.port, self.token = m[1], int(m[3]), m[4]

    def connect(self):
        return socket.create_connection(("127.0.0.1", self.port), PATIENCE)

    def raw(self, data, patience=PATIENCE):
        """All that comes back for these bytes, up to the end of the connection or of the patience with one that is kept open."""
        got = []
        with self.connect() as s:
            s.settimeout(patience)
            try:
                s.sendall(data)
                s.shutdown(socket.SHUT_WR)
                while part := s.recv(65536):
                    got.append(part)
            except OSError:  # it has closed the connection, or waits for another request
                pass
        return b"".join(got)

    def get(self, path="", method="GET", host=None, headers=(), token=None):
        lines = [f"{method} /{self.token if token is None else token}/{path} HTTP/1.1", f"Host: {host or f'127.0.0.1:{self.port}'}",
                 "Connection: close", *headers, "", ""]
        return Answer(self.raw("\r\n".join(lines).encode("latin-1")))

    def line(self, line, *headers):
        """A request line as it is."""
        return Answer(self.raw("\r\n".join([line, f"Host: 127.0.0.1:{self.port}", "Connection: close", *headers, "", ""]).encode("latin-1")))


class Serve(Served):
    def __init__(self, where, *options, user=None, wrapper=(), env=None):
        become = {"user": user, "group": user, "extra_groups": []} if user is not None else {}
        self.process = start([*wrapper, REQPROF, "serve", where, "--listen", "127.0.0.1:0", *options], stderr=subprocess.PIPE, text=True, cwd="/",
                             env=env or environment(), **become)
        super().__init__(Output(self.process.stderr))

    def stop(self, how=signal.SIGINT):
        self.process.send_signal(how)
        status = self.process.wait(PATIENCE)
        self.log.close()
        return status

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.stop()


class Stream:
    """Server-sent events as they come: (type, data)."""

    def __init__(self, served, query="", headers=()):
        self.socket = served.connect()
        self.socket.sendall("\r\n".join([f"GET /{served.token}/events{query} HTTP/1.1", f"Host: localhost:{served.port}", *headers, "", ""]).encode())
        self.seen = ""
        wait_until(lambda: "retry:" in self._read(), "the stream begins")

    def _read(self):
        self.socket.settimeout(0.05)
        try:
            self.seen += self.socket.recv(65536).decode()
        except TimeoutError:
            pass
        return self.seen

    @property
    def events(self):
        return [(m[1], json.loads(m[2])) for m in re.finditer(r"event: (\w+)\ndata: (.*)\n", self._read())]

    def wait(self, n):
        wait_until(lambda: len(self.events) >= n, f"{n} events (seen: {self.seen})")
        return self.events

    def close(self):
        self.socket.close()


def confined(pid, name):
    with open(f"/proc/{pid}/status", encoding="utf-8") as f:
        status = f.read()
    ids = "\t".join([str(NOBODY)] * 4)
    ok(f"Uid:\t{ids}\n" in status and f"Gid:\t{ids}\n" in status and "Groups:\t \n" in status, f"{name} is who the reports belong to", status)
    ok(all(f"{c}:\t0000000000000000\n" in status for c in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")) and "NoNewPrivs:\t1\n" in status,
       "without capabilities, and cannot gain any", status)
