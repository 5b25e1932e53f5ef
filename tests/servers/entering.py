# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP on whatever CPython there is: GET /MS does little else than enter evaluation loops, where other functions have just left theirs."""
import http.server
import time


def leaf_a(x):
    return x


def leaf_b(x):
    return x + 1


def leaf_c(x):
    return x * 2


def phase_a():
    return list(map(leaf_a, range(3)))


def phase_b():
    return sorted((3, 1, 2), key=leaf_b)


def phase_c():
    return max((3, 1, 2), key=leaf_c)


def work(ms):
    end = time.thread_time() + ms / 1000
    while time.thread_time() < end:
        for _ in range(20):
            phase_a()
            phase_b()
            phase_c()


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        work(float(self.path.split("?")[0].rpartition("/")[2]))
        self.send_response(200)
        self.send_header("Content-Length", "4")
        self.end_headers()
        self.wfile.write(b"null")

    def log_message(self, *_):
        pass


with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
    print("port", server.server_port, flush=True)
    server.serve_forever()
