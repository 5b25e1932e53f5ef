# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests of which another interpreter of the process does a part, on the request's own thread; each says what either took of its CPU time.
/MS: so long in either. Says its port."""
import http.server
import json
import os
import time

try:
    import _interpreters
except ImportError:  # before 3.13
    import _xxsubinterpreters as _interpreters

SCRIPT = """
import os
import time

def compute_inside(ms):
    begin = time.thread_time_ns()
    while time.thread_time_ns() - begin < ms * 1000000:
        sum(range(100))
    return time.thread_time_ns() - begin

os.write({fd}, b"%d" % compute_inside({ms}))
"""
reading, writing = os.pipe()


def compute_outside(ms):
    begin = time.thread_time_ns()
    while time.thread_time_ns() - begin < ms * 1000000:
        sum(range(100))
    return time.thread_time_ns() - begin


def enter(ms):
    inside = _interpreters.create()
    _interpreters.run_string(inside, SCRIPT.format(fd=writing, ms=ms))
    _interpreters.destroy(inside)
    return int(os.read(reading, 32))


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        ms = float(self.path.strip("/").partition("?")[0])
        text = json.dumps({"compute_outside": compute_outside(ms), "compute_inside": enter(ms)}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *arguments):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
idle = _interpreters.create()   # and one that has no thread
print("port", server.server_port, flush=True)
server.serve_forever()
