# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Tornado on the port that is its argument: /do/SLOT/OPERATIONS, measured by itself."""
import asyncio
import sys

import tornado.web
from async_operations import operate
from measured import Measured


class Do(tornado.web.RequestHandler):
    async def get(self, slot, operations):
        self.write((await operate(Measured(slot), operations)).truth())


async def main():
    tornado.web.Application([(r"/do/(\d+)/(.*)", Do)]).listen(int(sys.argv[1]), "127.0.0.1")
    await asyncio.Event().wait()


asyncio.run(main())
