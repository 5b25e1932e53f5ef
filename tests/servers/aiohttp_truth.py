# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""aiohttp on the port that is its argument: /do/SLOT/OPERATIONS, measured by itself; /stream/… sends as it goes. One task serves a connection, and
writes what it is answered with; with a second argument, uvloop does, for all of them."""
import sys

from aiohttp import web
from async_operations import operate
from measured import Measured


async def do(request):
    m = await operate(Measured(request.match_info["slot"]), request.match_info["operations"])
    return web.json_response(m.truth())


async def stream(request):
    m, response = Measured(request.match_info["slot"]), web.StreamResponse()
    await response.prepare(request)
    for operation in request.match_info["operations"].split("/"):
        await operate(m, operation)
        await response.write(b" " * 1000)
    await response.write(m.text().encode())
    await response.write_eof()
    return response


if len(sys.argv) > 2:
    import uvloop
    uvloop.install()
app = web.Application()
app.router.add_get("/do/{slot}/{operations:.*}", do)
app.router.add_get("/stream/{slot}/{operations:.*}", stream)
web.run_app(app, host="127.0.0.1", port=int(sys.argv[1]), print=None)
