# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Python that never ends, for stacks: C extensions (json, re, zlib, sqlite3, hashlib), recursion through C (sorted with a key), threads that take
turns with the GIL, sleep and wait."""
import functools
import hashlib
import json
import queue
import re
import sqlite3
import threading
import time
import zlib

DATA = [{"id": i, "name": f"item {i}", "tags": ["a", "b", str(i)], "nested": {"x": [i / 3] * 5}} for i in range(100)]
jobs = queue.Queue(maxsize=2)


@functools.lru_cache(maxsize=None)
def cached(n):
    return n if n < 2 else cached(n - 1) + cached(n - 2)


def through_c(depth):
    """Each level is one of Python in one of C in one of Python."""
    if not depth:
        return len(json.dumps(DATA)) + len(json.loads(json.dumps(DATA[:20])))
    return sorted([depth], key=lambda d: through_c(d - 1))[0]


def native():
    text = json.dumps(DATA).encode()
    found = len(re.findall(rb'"name": "item (\d+)"', text))
    return found + len(zlib.compress(text, 6)) + hashlib.sha256(text).digest()[0]


def query(db):
    db.executemany("insert into t values (?, ?)", [(i, str(i)) for i in range(100)])
    n = db.execute("select count(*) from t a join t b on a.x = b.x where a.y like '%7%'").fetchone()[0]
    db.execute("delete from t")
    return n


def recurse(n):
    return recurse(n - 1) + 1 if n else sum(i * i for i in range(500))


def work():
    db = sqlite3.connect(":memory:")
    db.execute("create table t (x integer, y text)")
    while True:
        through_c(15)
        native()
        query(db)
        recurse(60)
        cached.cache_clear()
        cached(60)


def consume():
    while True:
        jobs.get()
        recurse(30)
        time.sleep(0.001)


threading.Thread(target=consume, daemon=True).start()
threading.Thread(target=work, daemon=True).start()
print("ready", flush=True)
while True:
    jobs.put(native())
