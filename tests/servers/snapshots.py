# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""HTTP on whatever CPython there is, without packages: each request computes at several points, and answers with its stacks there as the interpreter
sees them. GET /MS on the first port is served by a thread for each connection, on the second by a task for each request. Prints both ports."""
import asyncio
import contextvars
import functools
import http.server
import json
import sqlite3
import sys
import threading
import time

INSIDE = contextvars.ContextVar("INSIDE")


def burn(ms):
    end, n = time.thread_time() + ms / 1000, 0
    while time.thread_time() < end:
        n += sum(range(300))
    return n


def snapshot(stacks, ms):
    """Remembers who called it, and computes. The caller's frames do not move meanwhile."""
    frame, rows = sys._getframe(1), []
    while frame:
        code = frame.f_code
        rows.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno])
        frame = frame.f_back
    stacks.append(rows)
    return burn(ms)


# ---- points to be at -----------------------------------------------------------------------------------------------------------------------


def recursion(stacks, ms, depth=60):
    return recursion(stacks, ms, depth - 1) if depth else snapshot(stacks, ms)


def generators(stacks, ms):
    def inner():
        yield snapshot(stacks, ms)

    def outer():
        yield from inner()

    return [x for x in outer()]


def below_c(stacks, ms):
    """C calls Python in sorted, reduce, map and SQLite."""
    def from_sqlite(_):
        snapshot(stacks, ms / 4)
        return 0

    db = sqlite3.connect(":memory:")
    db.create_function("f", 1, from_sqlite)
    db.execute("select f(1)").fetchone()
    sorted([1], key=lambda _: snapshot(stacks, ms / 4))
    functools.reduce(lambda a, b: snapshot(stacks, ms / 4), [1, 2])
    return list(map(functools.partial(snapshot, stacks), [ms / 4]))


class Meta(type):
    def __call__(cls, *arguments):
        return super().__call__(*arguments)


class Made(metaclass=Meta):
    def __init__(self, stacks, ms):
        with self:
            self.result = self[stacks, ms]

    def __getitem__(self, key):
        return snapshot(*key)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        pass


def far_lines(stacks, ms):
    """Code whose lines lie far apart, and go backwards: as no delta of one byte can say."""
    text = "def far(stacks, ms, snapshot):\n x = 0\n" + "\n" * 400 + " return (\n" + "\n" * 300 + "  snapshot(\n" + "\n" * 150 + "   stacks, ms))\n"
    names = {}
    exec(compile(text, "far_lines.py", "exec"), names)
    return names["far"](stacks, ms, snapshot)


def unusual_names(stacks, ms):
    names = {}
    exec(compile("def größe_日本_𠀀(f, *a):\n return f(*a)\n", "ordner/größe 日本.py", "exec"), names)
    return names["größe_日本_𠀀"](snapshot, stacks, ms)


def short_lived(stacks, ms):
    """Functions that take each other's places in memory, one after the other."""
    for name in "one", "two", "six", "ten":
        names = {}
        exec(compile(f"def {name}(f, *a):\n return f(*a)\n", f"{name}.py", "exec"), names)
        names[name](snapshot, stacks, ms / 4)


def raised(stacks, ms):
    try:
        raise KeyError
    except KeyError:
        try:
            return [y for x in (1,) for y in (snapshot(stacks, ms),)]
        finally:
            burn(0)


POINTS = [recursion, generators, below_c, Made, far_lines, unusual_names, short_lived, raised]


def visit(ms):
    stacks = []
    for point in POINTS:
        point(stacks, ms)
    return stacks


# ---- threads -------------------------------------------------------------------------------------------------------------------------------


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        body = json.dumps({"stacks": visit(ms_of(self.path))}).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


def ms_of(target):
    return float(target.split("?")[0].rpartition("/")[2])


# ---- tasks ---------------------------------------------------------------------------------------------------------------------------------


async def deepest(stacks, ms):
    await asyncio.sleep(0.002)
    snapshot(stacks, ms)
    await asyncio.sleep(0)
    return [snapshot(stacks, ms) async for _ in asynchronous()]


async def asynchronous():
    await asyncio.sleep(0.001)
    yield 1


async def awaiting(stacks, ms, depth=5):
    return await (awaiting(stacks, ms, depth - 1) if depth else deepest(stacks, ms))


async def visit_tasks(ms):
    stacks = visit(ms / 2)
    await awaiting(stacks, ms)
    await asyncio.gather(deepest(stacks, ms), awaiting(stacks, ms))
    run = contextvars.copy_context().run
    await asyncio.get_running_loop().run_in_executor(None, run, snapshot, stacks, ms)
    return stacks


class Protocol(asyncio.Protocol):
    """A task for each request, made when its bytes come."""

    def connection_made(self, transport):
        self.transport, self.data, self.tasks = transport, b"", set()

    def data_received(self, data):
        self.data += data
        head, end, self.data = self.data.partition(b"\r\n\r\n")
        if end:
            task = asyncio.get_running_loop().create_task(self.serve(head.split(b" ")[1].decode()))
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
        else:
            self.data = head

    async def serve(self, target):
        INSIDE.set(target)
        body = json.dumps({"stacks": await visit_tasks(ms_of(target))}).encode()
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n" % len(body) + body)


async def main():
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as threads:
        threading.Thread(target=threads.serve_forever, daemon=True).start()
        tasks = await asyncio.get_running_loop().create_server(Protocol, "127.0.0.1", 0)
        print("tasks", tasks.sockets[0].getsockname()[1], flush=True)
        print("port", threads.server_port, flush=True)
        await asyncio.Event().wait()


asyncio.run(main())
