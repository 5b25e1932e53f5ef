# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""FastAPI whose requests measure themselves: /do/SLOT/OPERATIONS in the loop's thread, /def/… in AnyIO's pool; what the response of a request cannot
say yet, /truth/… says later. MIDDLEWARE in the environment adds one that does nothing."""
import os

from async_operations import operate
from fastapi import BackgroundTasks, FastAPI, Request
from fastapi.responses import PlainTextResponse, StreamingResponse
from measured import Measured, burn, compute_later, kept

app = FastAPI()
JSON = "application/json"

if os.environ.get("MIDDLEWARE"):
    @app.middleware("http")
    async def nothing(request: Request, call_next):
        return await call_next(request)


@app.get("/hello")
async def hello():
    return {"hello": "world"}


@app.get("/other/{ms}")
async def other(ms: float):
    """What requests that nobody asked about do."""
    return compute_other(ms)


def compute_other(ms):
    return burn(ms)


@app.get("/do/{slot}/{operations:path}")
async def do(slot: str, operations: str):
    return (await operate(Measured(slot), operations)).truth()


@app.get("/def/{slot}/{operations:path}")
def do_in_pool(slot: str, operations: str):
    return Measured(slot).operate(operations).truth()


@app.get("/stream/{slot}/{operations:path}")
async def stream(slot: str, operations: str):
    m = Measured(slot)

    async def parts():
        for operation in operations.split("/"):
            await operate(m, operation)
            yield b" " * 1000
        yield m.text()

    return StreamingResponse(parts(), media_type=JSON)


@app.get("/events/{slot}/{operations:path}")
async def events(slot: str, operations: str):
    """Server-sent events without end."""
    m = Measured(slot)

    async def forever():
        while True:
            await operate(m, operations)
            yield f"data: {m.text()}\n"

    return StreamingResponse(forever(), media_type="text/event-stream")


def later_in_pool(m, ms):
    m.call(compute_later, ms)


@app.get("/after/{slot}/{operations:path}")
async def after(slot: str, operations: str, request: Request, tasks: BackgroundTasks):
    """The operations come after the response, and then compute_later in AnyIO's pool."""
    m = Measured(slot)
    tasks.add_task(operate, m, "sleep:10/" + operations)
    tasks.add_task(later_in_pool, m, 20)
    tasks.add_task(m.keep, request.url.path)
    return {}


@app.get("/truth/{path:path}", response_class=PlainTextResponse)
async def truth(path: str):
    try:
        return kept(f"/{path}")
    except KeyError:
        return PlainTextResponse("", 404)
