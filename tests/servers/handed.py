# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Work that is handed to threads without the caller's context, so that every interpreter can run it. /MODE/SLOT/MS, MS each time:
run is loop.run_in_executor(None, f), submit the same by a pool of two threads, map four of them at once, chain hands on from there to the other pool,
fail raises, thread is a new thread each time, fresh runs it on the spot in an empty context; between two there is a sleep. Says its port. With an
argument it serves by threads, a connection each, without a loop."""
import asyncio
import contextvars
import socketserver
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor

from measured import Measured, compute_a, compute_in_executor, fail

small, other = ThreadPoolExecutor(2), ThreadPoolExecutor(3)
ROUNDS = 3


def work(m, ms):
    m.call(compute_in_executor, ms)


def on_and_on(m, ms):
    m.call(compute_in_executor, ms / 2)
    other.submit(work, m, ms / 2).result()


def failing(m, ms):
    try:
        m.call(fail, ms)
    except RuntimeError:
        return
    raise AssertionError("it did not fail")


async def in_default(m, ms):
    await asyncio.get_event_loop().run_in_executor(None, work, m, ms)


async def in_small(m, ms):
    await asyncio.wrap_future(small.submit(work, m, ms))


async def several(m, ms):
    await asyncio.gather(*[asyncio.wrap_future(small.submit(work, m, ms / 4)) for _ in range(4)])


async def chain(m, ms):
    await asyncio.wrap_future(small.submit(on_and_on, m, ms))


async def failure(m, ms):
    await asyncio.get_event_loop().run_in_executor(small, failing, m, ms)


async def in_new(m, ms):
    loop, done = asyncio.get_event_loop(), asyncio.Event()

    def body():
        work(m, ms)
        loop.call_soon_threadsafe(done.set)

    threading.Thread(target=body).start()
    await done.wait()


async def in_fresh_context(m, ms):
    contextvars.Context().run(work, m, ms)


MODES = {"run": in_default, "submit": in_small, "map": several, "chain": chain, "fail": failure, "thread": in_new, "fresh": in_fresh_context}


def finish_in_new(m, ms):
    thread = threading.Thread(target=work, args=(m, ms))
    thread.start()
    thread.join()


async def operate(mode, slot, ms):
    m = Measured(slot)
    for _ in range(ROUNDS):
        await MODES[mode](m, ms)
        await asyncio.sleep(0.002)
    m.call(compute_a, ms)
    return m


def operate_in_thread(mode, slot, ms):
    m = Measured(slot)
    for _ in range(ROUNDS):
        if mode == "map":
            list(small.map(work, [m] * 4, [ms / 4] * 4))
        elif mode == "thread":
            finish_in_new(m, ms)
        elif mode == "fresh":
            contextvars.Context().run(work, m, ms)
        else:
            small.submit({"chain": on_and_on, "fail": failing}.get(mode, work), m, ms).result()
        time.sleep(0.002)
    m.call(compute_a, ms)
    return m


def parsed(data):
    _, mode, slot, ms = data.split()[1].decode().partition("?")[0].split("/")
    return mode, slot, float(ms)


def response(m):
    body = m.text().encode()
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.task = transport, None

    def data_received(self, data):
        self.task = asyncio.get_event_loop().create_task(self.answer(*parsed(data)))

    async def answer(self, *request):
        self.transport.write(response(await operate(*request)))


class Handler(socketserver.BaseRequestHandler):
    def handle(self):
        while data := self.request.recv(65536):
            self.request.sendall(response(operate_in_thread(*parsed(data))))


class Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    request_queue_size = 64


async def main():
    server = await asyncio.get_event_loop().create_server(Connection, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


if len(sys.argv) > 1:
    with Server(("127.0.0.1", 0), Handler) as s:
        print("port", s.server_address[1], flush=True)
        s.serve_forever()
else:
    asyncio.run(main())
