# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What requests on an event loop do, measured by themselves: see measured.py. DATABASE in the environment is the port of database.c."""
import asyncio
import contextvars
import os
import struct
import time

import measured

CONNECTIONS = 32
_idle = []                          # connections to the database that nobody uses
_free = asyncio.Semaphore(CONNECTIONS)
_shared = asyncio.Lock()


async def operate(m, operations):
    for name, ms in measured.parse(operations):
        if name in ASYNC:
            await ASYNC[name](m, ms)
        else:
            m.call(measured.OPERATIONS[name], ms)
    return m


async def sleep(m, ms):
    await m.wait("sleep", asyncio.sleep(ms / 1000))


# Nobody else holds a reader that is waited for, nor its task where the server does not (hypercorn 0.13 keeps its tasks weakly): a garbage collection
# meanwhile would end the request with status 500.
_busy = set()


async def ask(ms):
    """When the database says that it sent the answer."""
    async with _free:
        reader, writer = _idle.pop() if _idle else await asyncio.open_connection("127.0.0.1", int(os.environ["DATABASE"]))
        _busy.add(reader)
        writer.write(b"%d\n" % ms)
        await writer.drain()
        answer = await reader.readexactly(8)
        _busy.remove(reader)
        _idle.append((reader, writer))
    return struct.unpack("=Q", answer)[0]


async def database(m, ms):
    begin = time.monotonic_ns()
    sent = await m.wait("database", ask(ms))
    m.awaits[-1]["until_sent_ns"] = sent - begin


async def child(m, ms):
    await m.wait("child sleep", asyncio.sleep(0.004))
    m.call(measured.compute_in_child, ms)
    await m.wait("child sleep", asyncio.sleep(0.004))


async def gather(m, ms):
    await m.wait("gather", asyncio.gather(child(m, ms), child(m, ms)))


async def two_in_group(m, ms):
    async with asyncio.TaskGroup() as group:
        group.create_task(child(m, ms))
        group.create_task(child(m, ms))


async def group_of_tasks(m, ms):
    await m.wait("group", two_in_group(m, ms))


async def in_thread(m, ms):
    await m.wait("thread", asyncio.to_thread(m.call, measured.compute_in_pool, ms))


async def in_executor(m, ms):
    run = contextvars.copy_context().run
    await m.wait("executor", asyncio.get_running_loop().run_in_executor(None, run, m.call, measured.compute_in_executor, ms))


async def shared_lock(m, ms):
    """Holds what another request may wait for."""
    await m.wait("lock", _shared.acquire())
    try:
        await sleep(m, ms)
    finally:
        _shared.release()


async def future(m, ms):
    loop = asyncio.get_running_loop()
    set_later = loop.create_future()
    loop.call_later(ms / 1000, set_later.set_result, None)
    await m.wait("future", set_later)


async def step(m, ms):
    """Computes with a pause of the loop's before it: its place is behind all others that are ready."""
    await m.wait("step", asyncio.sleep(0))
    m.call(measured.compute_a, ms)


async def leave_behind(m, ms):
    """A task that nobody waits for, which goes on after the response."""
    left.add(task := asyncio.create_task(child(m, ms)))
    task.add_done_callback(left.discard)


left = set()
ASYNC = {"sleep": sleep, "db": database, "gather": gather, "group": group_of_tasks, "thread": in_thread, "executor": in_executor,
         "shared": shared_lock, "future": future, "step": step, "leave": leave_behind}
