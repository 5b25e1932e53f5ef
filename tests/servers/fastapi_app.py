# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""A FastAPI application: endpoints that compute, sleep, run in the thread pool, read a body, stream."""
import asyncio
import time

from fastapi import FastAPI, Request
from fastapi.responses import StreamingResponse

app = FastAPI()


def compute(ms: float) -> int:
    end, n = time.thread_time() + ms / 1000, 0
    while time.thread_time() < end:
        n += sum(range(1000))
    return n


@app.get("/hello")
async def hello():
    return {"hello": "world"}


@app.get("/cpu/{ms}")
async def cpu(ms: float):
    return {"n": compute(ms)}


@app.get("/sleep/{ms}")
async def sleep(ms: float):
    await asyncio.sleep(ms / 1000)
    return {}


@app.get("/thread/{ms}")
def thread(ms: float):
    return {"n": compute(ms)}


@app.post("/echo")
async def echo(request: Request):
    return {"length": len(await request.body())}


@app.get("/stream/{n}")
async def stream(n: int):
    async def parts():
        for _ in range(n):
            yield b"x" * 1000
            await asyncio.sleep(0.002)

    return StreamingResponse(parts(), media_type="text/plain")
