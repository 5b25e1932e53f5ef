#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""http_server.py [--threaded] [--listening FD]: Python's http.server, blocking; a thread for every connection, or one for all. Prints "port N"."""
import http.server
import os
import socket
import sys
import time


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        path = self.path.split("?")[0]
        if path.startswith("/sleep/"):
            time.sleep(float(path[7:]) / 1000)
        elif path.startswith("/cpu/"):
            end = time.thread_time() + float(path[5:]) / 1000
            while time.thread_time() < end:
                sum(range(1000))
        elif path == "/exec":
            os.execv("/bin/sleep", ["sleep", "1000"])
        elif path == "/restart":
            os.set_inheritable(self.server.fileno(), True)
            os.execv(sys.executable, [sys.executable, *sys.argv, "--listening", str(self.server.fileno())])
        elif path == "/exit":
            os._exit(0)
        self.answer(f"{os.getpid()}\n".encode())

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def answer(self, body):
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer if "--threaded" in sys.argv else http.server.HTTPServer
with server(("127.0.0.1", 0), Handler) as s:
    if "--listening" in sys.argv:
        s.socket = socket.socket(fileno=int(sys.argv[-1]))
    print("port", s.socket.getsockname()[1], flush=True)
    s.serve_forever()
