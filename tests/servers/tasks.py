# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""asyncio without anything else, so that every interpreter can run it: a task for each request, as uvicorn makes them, and more by each of those.
/do/SLOT/MS: three times two children that take MS each, and 10 ms of sleep. Says its port."""
import asyncio

from measured import Measured, compute_a


async def child(m, ms):
    await asyncio.sleep(0)
    m.call(compute_a, ms)


async def operate(slot, ms):
    m = Measured(slot)
    for _ in range(3):
        await asyncio.gather(child(m, ms), child(m, ms))
        await asyncio.sleep(0.01)
    return m.text().encode()


class Connection(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport, self.task = transport, None

    def data_received(self, data):
        self.task = asyncio.get_event_loop().create_task(self.answer(data.split()[1].decode()))

    async def answer(self, target):
        _, _, slot, ms = target.partition("?")[0].split("/")
        body = await operate(slot, float(ms))
        self.transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body))


async def main():
    server = await asyncio.get_event_loop().create_server(Connection, "127.0.0.1", 0)
    print("port", server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


asyncio.run(main())
