# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A WSGI application: answers with the process that served."""
import os
import time


def application(environ, start_response):
    path = environ["PATH_INFO"]
    if path.startswith("/cpu/"):
        end = time.thread_time() + float(path[5:]) / 1000
        while time.thread_time() < end:
            sum(range(1000))
    elif path.startswith("/sleep/"):
        time.sleep(float(path[7:]) / 1000)
    body = f"{os.getpid()}\n".encode()
    start_response("200 OK", [("Content-Type", "text/plain"), ("Content-Length", str(len(body)))])
    return [body]
