#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A level-triggered event loop that never blocks in epoll_wait: what its thread does after it has returned there is nobody's. Needs root."""
import os
import socket
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import PATIENCE, PYTHON, SERVERS, Recording, Server, cpu_total, path_of
from tap import equal, main, none, none_off, ok

MS = 1_000_000
OWN_MS = 3


def post_in_pieces(port, path, pieces, pause):
    with socket.create_connection(("127.0.0.1", port), PATIENCE) as s:
        s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for piece in [f"POST {path} HTTP/1.1\r\nHost: x\r\nContent-Length: {sum(map(len, pieces))}\r\n\r\n".encode(), *pieces]:
            s.sendall(piece)
            time.sleep(pause)
        while s.recv(65536):
            pass


def event_loop():
    server = Server([PYTHON, f"{SERVERS}/loop.py"])
    with Recording("--pid", server.pid) as r:
        for _ in range(3):
            server.get("/cpu/20?profile=1")
            post_in_pieces(server.port, "/cpu/10?profile=1", [b"x" * 100, b"y" * 100], 0.03)
            post_in_pieces(server.port, "/cpu/10?profile=1", [b"x" * 300000], 0)
        r.wait_reports(9)
    reports = r.json()
    none([f"{path_of(r)}: {f}" for r in reports for f in contract.faults(r)], "all keep the contract")
    at_once = [r for r in reports if path_of(r) == "/cpu/20"]
    equal(len(at_once), 3, "answered by the callback that reads: three reports")
    none_off([r["time"] for r in at_once if not 20 * MS <= cpu_total(r) <= 24 * MS or r["time"]["ambiguous_ns"] > MS], "all of their time is bound")
    later = [r for r in reports if path_of(r) == "/cpu/10"]
    equal(len(later), 6, "bodies that are read later: six reports")
    none([r["time"] for r in later if cpu_total(r) >= OWN_MS * MS], "nothing of the loop's own work is in them")
    ok(all(r["time"]["ambiguous_ns"] > 0.7 * r["time"]["wall_ns"] for r in later), "the rest is ambiguous", [r["time"] for r in later])


main(event_loop)
