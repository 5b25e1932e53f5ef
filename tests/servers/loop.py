#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""An event loop on one thread, as asyncio's: level-triggered epoll, handlers that run on it, and work of its own that is no request's.

/cpu/MS burns MS milliseconds. A body is read when epoll reports it. While anything is connected the loop's own work burns OWN_MS at a time, and
never waits. Prints "port N"."""
import os
import selectors
import socket
import time

OWN_MS = 3


def burn(ms):
    until = time.thread_time() + ms / 1000
    while time.thread_time() < until:
        pass


class Connection:
    def __init__(self, sock):
        self.sock, self.data = sock, b""

    def readable(self):
        more = self.sock.recv(65536)
        self.data += more
        head, end, body = self.data.partition(b"\r\n\r\n")
        if more and (not end or len(body) < length_of(head)):
            return
        if more:
            burn(float(head.split(b" ")[1].split(b"?")[0].rpartition(b"/")[2]))
            self.sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        loop.unregister(self.sock)
        self.sock.close()


def length_of(head):
    return next((int(line.split(b":")[1]) for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")), 0)


def accept():
    sock, _ = listener.accept()
    loop.register(sock, selectors.EVENT_READ, Connection(sock).readable)


def own_work():
    if len(loop.get_map()) > 2:
        burn(OWN_MS)
    else:
        time.sleep(0.001)


loop = selectors.EpollSelector()
listener = socket.create_server(("127.0.0.1", 0))
loop.register(listener, selectors.EVENT_READ, accept)
always, full = os.pipe()
os.write(full, b"x")
loop.register(always, selectors.EVENT_READ, own_work)
print("port", listener.getsockname()[1], flush=True)
while True:
    for key, _ in loop.select():
        key.data()
