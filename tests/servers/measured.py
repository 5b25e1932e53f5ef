# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests that measure themselves: what each function took of its thread's CPU, how long each await lasted. The path says what a request does:
/a:70/b:30 is 70 ms in compute_a and 30 ms in compute_b. All that it runs is below a function of its slot, work_03 or await_03, so that a
frame tells whose it is. These are the operations of one thread; async_operations.py has those of tasks."""
import hashlib
import json
import queue
import sqlite3
import subprocess
import threading
import time

SLOTS = 16
SLOT = """
def work_{0}(function, *arguments):
    return function(*arguments)

async def await_{0}(awaitable):
    return await awaitable
"""
_names = {}
for _slot in (f"{n:02}" for n in range(SLOTS)):
    exec(compile(SLOT.format(_slot), f"slot_{_slot}.py", "exec"), _names)

_lock = threading.Lock()
_past = {}                  # path → what a request measured whose response could not say it


class Measured:
    """What one request did."""

    def __init__(self, slot):
        self.slot, self.calls, self.awaits = slot, [], []

    def call(self, function, *arguments):
        begin, cpu = time.monotonic_ns(), time.thread_time_ns()
        try:
            return _names[f"work_{self.slot}"](function, *arguments)
        finally:
            cpu, wall = time.thread_time_ns() - cpu, time.monotonic_ns() - begin
            self.calls.append({"function": function.__name__, "begin_ns": begin, "cpu_ns": cpu, "wall_ns": wall, "tid": threading.get_native_id()})

    async def wait(self, what, awaitable):
        begin = time.monotonic_ns()
        try:
            return await _names[f"await_{self.slot}"](awaitable)
        finally:
            self.awaits.append({"what": what, "ns": time.monotonic_ns() - begin})

    def truth(self):
        return {"slot": self.slot, "tid": threading.get_native_id(), "calls": self.calls, "awaits": self.awaits}

    def text(self):
        return json.dumps(self.truth()) + "\n"

    def keep(self, path):
        with _lock:
            _past[path] = self

    def operate(self, operations):
        for name, ms in parse(operations):
            self.call(OPERATIONS[name], ms)
        return self


def kept(path):
    """The text of what keep() put there."""
    with _lock:
        return _past[path].text()


def parse(operations):
    """"a:70/b:30/tag:x" as [("a", 70.0), ("b", 30.0)]; a tag only makes a path unique."""
    pairs = [part.split(":") for part in operations.strip("/").split("/")]
    return [(name, float(ms)) for name, ms in pairs if name != "tag"]


# ---- CPU -----------------------------------------------------------------------------------------------------------------------------


def until(ms, step):
    """Does a step again and again until this thread has had so much of the CPU."""
    end, n = time.thread_time_ns() + ms * 1e6, 0
    while time.thread_time_ns() < end:
        step()
        n += 1
    return n


def burn(ms):
    return until(ms, lambda: sum(i * i for i in range(200)))


def compute_a(ms):
    return burn(ms)


def compute_b(ms):
    return burn(ms)


def compute_in_pool(ms):
    return burn(ms)


def compute_in_executor(ms):
    return burn(ms)


def compute_in_child(ms):
    return burn(ms)


def compute_later(ms):
    return burn(ms)


def two_lines(ms):
    """Its lines have three quarters and one quarter: which is which says the comment at the end."""
    n = burn(ms * 3 / 4)        # the long line
    return n + burn(ms / 4)     # the short line


def many_lines(ms):
    return until(ms, lambda: sorted(
        [3, 1, 2],
        key=lambda x:
        -x,
    ))


class Outer:
    class Inner:
        def method(self, ms):
            def local(ms):
                return burn(ms)

            return local(ms)


def nested(ms):
    return Outer.Inner().method(ms)


def descend(depth, ms):
    return descend(depth - 1, ms) if depth else bottom(ms)


def bottom(ms):
    return burn(ms)


def deep(ms):
    return descend(100, ms)


def numbers(n):
    for i in range(n):
        yield square(i)


def square(i):
    return sum(range(i % 100)) ** 2


def generate(ms):
    return until(ms, lambda: sum(x for x in numbers(100)))


# ---- C code, and Python below it --------------------------------------------------------------------------------------------------------

DATA = [{"id": i, "name": f"item {i}", "nested": {"x": [i / 3] * 5}} for i in range(300)]
BYTES = bytes(4 << 20)


def serialize(ms):
    """The C of _json, which keeps the GIL."""
    return until(ms, lambda: json.dumps(DATA))


def digest(ms):
    """libcrypto's code: with the GIL released, for more than 2 KB."""
    return until(ms, lambda: hashlib.sha256(BYTES).digest())


def score(x):
    return sum(range(x % 300))


def query(ms):
    """SQLite calls a Python function for each row."""
    db = sqlite3.connect(":memory:")
    db.create_function("score", 1, score)
    db.execute("create table t (x integer)")
    db.executemany("insert into t values (?)", [(i,) for i in range(300)])
    return until(ms, lambda: db.execute("select sum(score(x)) from t").fetchone())


def key_of(x):
    return sum(range(x % 50))


def order(ms):
    return until(ms, lambda: sorted(range(300), key=key_of))


# ---- waits of a thread -------------------------------------------------------------------------------------------------------------------

_to_hold = queue.SimpleQueue()


def _holder():
    while True:
        lock, taken, ms = _to_hold.get()
        with lock:
            taken.release()
            time.sleep(ms / 1000)


threading.Thread(target=_holder, name="holder", daemon=True).start()


def block(ms):
    time.sleep(ms / 1000)


def wait_for_lock(ms):
    lock, taken = threading.Lock(), threading.Semaphore(0)
    _to_hold.put((lock, taken, ms))
    taken.acquire()
    with lock:
        pass


def compute_in_new_thread(ms):
    return burn(ms)


def new_thread(ms):
    thread = threading.Thread(target=compute_in_new_thread, args=[ms])
    thread.start()
    thread.join()


def new_process(ms):
    subprocess.run(["sleep", str(ms / 1000)], check=True)


def fail(ms):
    burn(ms)
    raise RuntimeError("as asked")


OPERATIONS = {"a": compute_a, "b": compute_b, "lines": two_lines, "many": many_lines, "nested": nested, "deep": deep, "gen": generate,
              "json": serialize, "hash": digest, "sql": query, "sort": order, "block": block, "lock": wait_for_lock, "new": new_thread,
              "process": new_process, "fail": fail}
