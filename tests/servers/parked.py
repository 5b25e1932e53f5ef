# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Threads that stand still, each in another kind of call, and what the interpreter itself says about their frames: a line of JSON. CPython 3.8 and
later. Ends with its standard input."""
import asyncio
import functools
import importlib
import json
import os
import re
import sys
import tempfile
import threading
import time

NEVER, _ = os.pipe()
parked = []
scenarios = []


def scenario(function):
    scenarios.append(function)
    return function


def park(*_):
    parked.append(1); os.read(NEVER, 1)


# ---- functions


class Shop:
    def method(self):
        return self.with_class()

    @classmethod
    def with_class(cls):
        return cls.static()

    @staticmethod
    def static():
        return Shop().price

    @property
    def price(self):
        def nested(x, *, y=1):
            return (lambda z: park(
                x,
                y,
                z))(
                    3)
        return nested(1)

    class Inner:
        def deep(self):
            return [Shop().method() for _ in range(3)]


def decorator(f):
    @functools.wraps(f)
    def wrapper(*args, **kwargs):
        return f(*args, **kwargs)
    return wrapper


@scenario
@decorator
def functions():
    return {Shop.Inner().deep() for _ in range(2)}


@scenario
def recursion(n=120):
    return recursion(n - 1) if n else park()


@scenario
def clauses():
    with tempfile.TemporaryFile() as f:
        try:
            raise ValueError(
                f)
        except ValueError:
            for _ in range(3):
                while True:
                    if _ == 0:
                        break
                    park()
        finally:
            f.flush()


# ---- generators, coroutines


def numbers():
    try:
        yield 1
        yield park()
    finally:
        pass


def through():
    yield 0
    yield from numbers()


@scenario
def generators():
    for _ in through():
        pass


@scenario
def summed():
    return sum(x for x in through())


@scenario
def closed():
    def has_more():
        try:
            yield
        finally:
            park()
    g = has_more()
    next(g)
    g.close()


class Context:
    async def __aenter__(self):
        await asyncio.sleep(0)
        return self

    async def __aexit__(self, *_):
        park()


async def items():
    yield 1
    async with Context():
        yield 2


async def handler():
    async for _ in items():
        await asyncio.sleep(0)


async def request():
    await asyncio.gather(asyncio.sleep(0.01), asyncio.wait_for(handler(), 1000))


@scenario
def coroutines():
    asyncio.new_event_loop().run_until_complete(request())


# ---- called by C


class Odd:
    def __eq__(self, other):
        return park()

    __hash__ = None

    def __getattr__(self, name):
        return self == name

    def __del__(self):
        self.attribute


@scenario
def sorting():
    sorted(range(3), key=lambda n: json.loads('[{"a": {}}]', object_hook=lambda _: functools.reduce(reducer, [n, 1])))


def reducer(a, b):
    return re.sub("x", lambda m: list(map(park, [a, b])), "xx")


def drops():
    odd = Odd()
    return id(odd)


@scenario
def finalizer():
    return drops() + 1


@scenario
def importing():
    directory = tempfile.mkdtemp()
    with open(os.path.join(directory, "imported_now.py"), "w", encoding="ascii") as f:
        f.write("import __main__\n\nclass Body:\n    x = __main__.park()\n")
    sys.path.insert(0, directory)
    importlib.import_module("imported_now")


# ---- names and lines


def run(source, name, **names):
    exec(compile(source, name, "exec"), {"park": park, **names})


@scenario
def latin():
    run("def café():\n park()\ncafé()", "données/café.py")


@scenario
def two_bytes():
    run("class 店:\n def 値段(self): park()\n店().値段()", "/srv/site-packages/文/モ.py")


@scenario
def four_bytes():
    run("def \U00010428\u540d():\n park()\n\U00010428\u540d()", "/srv/\U0001f600.py")


@scenario
def not_unicode():
    run("park()", os.fsdecode(b"/srv/\xff.py"))


@scenario
def long_names():
    run("def %s(): park()\n%s()" % ("n" * 2000, "n" * 2000), "/" + "\u540d/" * 600 + ".py")


@scenario
def far_lines():
    run("def f():\n" + "\n" * 70000 + " x = [\n" + "1,\n" * 900 + " park()]\n" + "f()", "<far>")


@scenario
def back_lines():
    run("def g(*_): pass\n\n\ndef f():\n x = 1\n\n\n g(\n  x,\n  " + "x + x + " * 400 + "1,\n  park(),\n  g(),\n )\nf()", "<back>")


# ----------------------------------------------------------------------------------------------------------------------------


def describe(frame):
    frames = []
    while frame:
        code = frame.f_code
        frames.append([getattr(code, "co_qualname", code.co_name), code.co_filename, frame.f_lineno, code.co_firstlineno,
                       bool(code.co_flags & 0x2a0)])
        frame = frame.f_back
    return frames


def main():
    threads = [threading.Thread(target=s, daemon=True, name=s.__name__) for s in scenarios]
    for t in threads:
        t.start()
    while len(parked) < len(threads):
        time.sleep(0.01)
    time.sleep(0.1)
    frames = sys._current_frames()
    told = {t.name: {"ident": t.ident, "frames": describe(frames[t.ident])} for t in threads}
    print(json.dumps({"pid": os.getpid(), "version": sys.hexversion, "threads": told}), flush=True)
    sys.stdin.read()
    os._exit(0)


main()
