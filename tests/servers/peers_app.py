# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""FastAPI for comparisons with profilers in the process. PEER in the environment puts one in: pyinstrument, in a middleware that profiles what
asks for it and answers with the profile, or fastapi_profiler. MIDDLEWARE adds one that does nothing. SESSIONS is a directory for sessions as JSON."""
import asyncio
import json
import os

from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse

app = FastAPI()
DATA = [{"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)], "nested": {"x": [i / 3] * 5}} for i in range(300)]


def with_pyinstrument():
    from pyinstrument import Profiler
    from pyinstrument.renderers import JSONRenderer

    @app.middleware("http")
    async def profile(request: Request, call_next):
        if "profile" not in request.query_params:
            return await call_next(request)
        with Profiler(async_mode="enabled") as profiler:
            await call_next(request)
        if "SESSIONS" in os.environ:
            with open(f"{os.environ['SESSIONS']}{request.url.path}.json", "w", encoding="utf-8") as f:
                f.write(profiler.output(JSONRenderer()))
        return HTMLResponse(profiler.output_html())


def with_fastapi_profiler():
    from fastapi_profiler import PyInstrumentProfilerMiddleware

    app.add_middleware(PyInstrumentProfilerMiddleware, server_app=app, profiler_interval=0.001, is_print_each_request=False)


if os.environ.get("MIDDLEWARE"):
    @app.middleware("http")
    async def nothing(request: Request, call_next):
        return await call_next(request)

if os.environ.get("PEER"):
    {"pyinstrument": with_pyinstrument, "fastapi_profiler": with_fastapi_profiler}[os.environ["PEER"]]()


@app.get("/hello")
async def hello():
    return {"hello": "world"}


def fibonacci(n):
    return n if n < 2 else fibonacci(n - 1) + fibonacci(n - 2)


@app.get("/fib")
async def fib():
    return sum(fibonacci(20) for _ in range(20))


@app.get("/fib_in_pool")
def fib_in_pool():
    return sum(fibonacci(20) for _ in range(20))


@app.get("/json")
async def dump_and_load():
    return sum(len(json.loads(json.dumps(DATA))) for _ in range(15))


@app.get("/fetch")
async def fetch():
    """Waits three times as long as it computes."""
    for _ in range(5):
        await asyncio.sleep(0.006)
        fibonacci(20)
    return {}


# ---- many small calls, as those of an object-relational mapper ------------------------------------------------------------------------------


class Column:
    def __init__(self, name):
        self.name = name

    def __eq__(self, value):
        return Comparison(self, "=", value)

    def accept(self, visitor):
        return visitor.visit_column(self)


class Comparison:
    def __init__(self, left, operator, right):
        self.left, self.operator, self.right = left, operator, right

    def accept(self, visitor):
        return visitor.visit_comparison(self)


class Compiler:
    def __init__(self):
        self.parameters = {}

    def visit_column(self, column):
        return f'"{column.name}"'

    def visit_comparison(self, c):
        return f"{c.left.accept(self)} {c.operator} {self.bind(c.right)}"

    def bind(self, value):
        name = f"p{len(self.parameters)}"
        self.parameters[name] = value
        return f":{name}"

    def select(self, columns, conditions):
        return f"select {', '.join(c.accept(self) for c in columns)} where {' and '.join(c.accept(self) for c in conditions)}"


class Attribute:
    def __set_name__(self, owner, name):
        self.name = name

    def __get__(self, row, owner=None):
        return row.state.get(self.name)

    def __set__(self, row, value):
        row.changed(self.name, value)


class Row:
    id, name, price = Attribute(), Attribute(), Attribute()

    def __init__(self, **values):
        self.state, self.history = {}, []
        for name, value in values.items():
            setattr(self, name, value)

    def changed(self, name, value):
        self.history.append((name, self.state.get(name)))
        self.state[name] = value

    def total(self):
        return self.id + self.price


COLUMNS = [Column(name) for name in ("id", "name", "price", "color")]


def load(n):
    statement = Compiler().select(COLUMNS, [c == i for i, c in enumerate(COLUMNS)])
    rows = [Row(id=i, name=str(i), price=i % 7) for i in range(n)]
    return len(statement) + sum(row.total() for row in rows if isinstance(row, Row))


@app.get("/orm")
async def orm():
    return sum(load(50) for _ in range(160))
