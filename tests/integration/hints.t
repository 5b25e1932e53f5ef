#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""No request within ten seconds: what was seen instead is told, once. Needs root."""
import contextlib
import json
import os
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import PYTHON, SERVERS, Recording, Server, scratch
from tap import equal, main, ok


def scripted(data):
    """A server that has read these bytes on two connections, to be sent once it is recorded."""
    server = Server([PYTHON, f"{SERVERS}/scripted.py", scratch("scripted")], stdin=subprocess.PIPE)

    def send():
        for _ in range(2 if data else 0):
            server.process.stdin.write(json.dumps({"listener": "tcp", "steps": [["read", "recv", 65536, len(data)]]}) + "\n")
            server.process.stdin.flush()
            with socket.create_connection(("127.0.0.1", server.port)) as s:
                s.sendall(data)
                s.recv(1)

    return server, send


HELLO = b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x55" * 500
CASES = {
    "nothing": (b"", "nothing was received"),
    "TLS": (HELLO, "2 connections speak TLS"),
    "HTTP/2": (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0" * 9, "2 connections speak HTTP/2"),
    "garbage": (b"\xff" * 100, "2 connections do not begin with an HTTP/1 request"),
    "HTTP/1": (b"GET / HTTP/1.1\r\n\r\n", None),
}


def hints():
    with contextlib.ExitStack() as stack:
        recordings = {}
        for name, (data, _) in CASES.items():
            server, send = scripted(data)
            recordings[name] = stack.enter_context(Recording("--pid", server.pid, "-d", "12s"))
            send()
        for name, r in recordings.items():
            equal(r.end(), 0, f"{name}: -d ends it")
    for name, (_, expected) in CASES.items():
        log = recordings[name].log
        said = [line for line in log.lines if "no request yet" in line]
        if expected:
            ok(len(said) == 1 and expected in said[0], f"{name}: {expected}", log.text)
        else:
            equal(said, [], f"{name}: nothing to say")


main(hints)
