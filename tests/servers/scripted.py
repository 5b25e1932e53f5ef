#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""scripted.py DIRECTORY: a blocking server that does on each connection exactly what it is told. Prints "port N", "port6 N" and
"unix PATH", then reads from stdin, a JSON line for each connection:
{"listener": "tcp|tcp6|unix", "steps": [[NAME, ARGUMENT…]…]}, and prints "done" when it has closed it.
Steps: read HOW SIZE TOTAL (so many bytes in calls of at most SIZE) · peek SIZE · write HOW TEXT · sleep SECONDS · eof · reset."""
import json
import os
import signal
import socket
import struct
import sys
import tempfile
import time


def readv(s, size):
    first, second = bytearray((size + 1) // 2), bytearray(size // 2)
    n = os.readv(s.fileno(), [b for b in (first, second) if b])
    return bytes(first + second)[:n]


def recvmsg(s, size):
    first, second = bytearray((size + 1) // 2), bytearray(size // 2)
    n = s.recvmsg_into([b for b in (first, second) if b])[0]
    return bytes(first + second)[:n]


READ = {
    "read": lambda s, size: os.read(s.fileno(), size),
    "recv": lambda s, size: s.recv(size),
    "recvfrom": lambda s, size: s.recvfrom(size)[0],
    "recvmsg": recvmsg,
    "readv": readv,
}


def halves(data):
    return [data[:len(data) // 2], data[len(data) // 2:]]


def sendfile(s, data):
    with tempfile.TemporaryFile() as f:
        f.write(data)
        f.flush()
        os.sendfile(s.fileno(), f.fileno(), 0, len(data))


WRITE = {
    "write": lambda s, data: os.write(s.fileno(), data),
    "send": lambda s, data: s.sendall(data),
    "sendto": lambda s, data: s.send(data),
    "sendmsg": lambda s, data: s.sendmsg(halves(data)),
    "writev": lambda s, data: os.writev(s.fileno(), halves(data)),
    "sendfile": sendfile,
}


def read(s, how, size, total):
    while total > 0:
        data = READ[how](s, min(size, total))
        if not data:
            raise EOFError
        total -= len(data)


def eof(s):
    while s.recv(65536):
        pass


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


STEPS = {
    "read": read,
    "peek": lambda s, size: s.recv(size, socket.MSG_PEEK),
    "write": lambda s, how, text: WRITE[how](s, text.encode("latin-1")),
    "sleep": lambda s, seconds: time.sleep(seconds),
    "eof": eof,
    "reset": reset,
}


def serve(s, steps):
    try:
        for name, *arguments in steps:
            STEPS[name](s, *arguments)
    except (EOFError, ConnectionError):
        pass
    s.close()


def main():
    path = f"{sys.argv[1]}/socket"
    listeners = {"tcp": socket.create_server(("127.0.0.1", 0)), "tcp6": socket.create_server(("::1", 0), family=socket.AF_INET6),
                 "unix": socket.socket(socket.AF_UNIX)}
    listeners["unix"].bind(path)
    listeners["unix"].listen()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit())
    print("port", listeners["tcp"].getsockname()[1])
    print("port6", listeners["tcp6"].getsockname()[1])
    print("unix", path, flush=True)
    for line in sys.stdin:
        task = json.loads(line)
        connection, _ = listeners[task["listener"]].accept()
        serve(connection, task["steps"])
        print("done", flush=True)


main()
