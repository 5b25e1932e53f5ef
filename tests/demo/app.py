# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The demo's server: a FastAPI application with one quick endpoint and one that is slow for a reason."""
import json
from decimal import Decimal

from fastapi import FastAPI

app = FastAPI()


@app.get("/hello")
async def hello():
    return {"hello": "world"}


@app.get("/invoice/{number}")
async def invoice(number: int):
    lines = [{"item": i, "price": str(Decimal(i) * Decimal("1.19"))} for i in range(1, 400)]
    total = Decimal(0)
    for _ in range(800):
        for line in json.loads(json.dumps(lines)):
            total += Decimal(line["price"])
    return {"invoice": number, "total": str(total)}
