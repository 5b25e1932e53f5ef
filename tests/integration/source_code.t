#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""--source: the lines around those that a request was in, of a FastAPI application and of a C server, and of nothing that the server's own user
could not read. Needs root."""
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import NOBODY, PYTHON, Recording, Server, connection, environment, fetch, free_port, pool, scratch, uvicorn
from tap import equal, main, none, ok

CONTEXT = 10
MARK = "a comment that nothing but the file has"
APP = f'''\
import time

from fastapi import FastAPI

import legacy

app = FastAPI()
before = 1


def burn(seconds):
    # {MARK} </script>
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass


@app.get("/work")
async def work():
    burn(0.09)
    legacy.burn(0.05)
    hidden(burn)
    below(burn)
    linked(burn)
    return {{}}


def far_away():
''' + "    pass\n" * 40 + '''
    return "not shown"


'''
LEGACY = b'''\
# -*- coding: latin-1 -*-
import time


def burn(seconds):
    name = "caf\xe9 \x01"
    end = time.perf_counter() + seconds
    while time.perf_counter() < end:
        pass
'''
# A function that says it is of another file.
HIDDEN = '''
def of_file(path):
    names = {}
    exec(compile("def run(f):\\n    f(0.03)\\n", path, "exec"), names)
    return names["run"]


hidden, below, linked = of_file("%s"), of_file("%s"), of_file("%s")
'''


def write(path, data, mode=0o644):
    with open(path, "wb") as f:
        f.write(data if isinstance(data, bytes) else data.encode())
    os.chmod(path, mode)


def make_app(directory, secret):
    os.chmod(directory, 0o755)
    text = f"first\n{MARK} too\nthird\n"
    write(secret, text, 0o600)
    closed = f"{os.path.dirname(secret)}/closed"
    os.mkdir(closed, 0o700)
    write(f"{closed}/below.py", text)
    write(f"{directory}/real.py", text)
    os.symlink("real.py", f"{directory}/linked.py")
    source = APP + HIDDEN % (secret, f"{closed}/below.py", f"{directory}/linked.py")
    write(f"{directory}/shop.py", source)
    write(f"{directory}/legacy.py", LEGACY)
    return source.splitlines()


def record(server, *options, path="/work", formats=("json",)):
    with Recording("--pid", server.pid, options=options, formats=formats) as r:
        with connection(server.port) as c:
            status, _ = fetch(c, f"{path}?profile=1")
            assert status == 200, status
        r.wait_reports(1)
    return r, r.json()[0]


def lines_of(report, name):
    """number → line, of all pieces of the file whose path ends so."""
    return {s["first_line"] + i: line for s in report["sources"] if s["file"].endswith(name) for i, line in enumerate(s["lines"])}


def piece(report, name):
    return next(s for s in report["sources"] if s["file"].endswith(name))


def executed(report, name):
    return {f["line"] for f in report["frames"] if f["file"] and f["file"].endswith(name) and f["line"]}


def python():
    directory = scratch("shop")
    secret = f"{scratch('secret')}/key.py"
    os.chmod(os.path.dirname(secret), 0o755)
    source = make_app(directory, secret)
    server = as_nobody(directory)
    r, report = record(server, "--source")
    ok("--source: reports will contain source code" in r.log.text, "it is said at the start", r.log.text)
    none(contract.faults(report), "the report keeps its contract")
    got, used = lines_of(report, "/shop.py"), executed(report, "/shop.py")
    equal(got, {n: source[n - 1] for n in got}, "the lines are those of the file")
    wanted = {n for line in used for n in range(line - CONTEXT, line + CONTEXT + 1) if 1 <= n <= len(source)}
    equal(set(got), wanted, "ten lines before and after each line that was executed, and no other")
    ok(any(MARK in line for line in got.values()) and not any("not shown" in line for line in got.values()), "so not the whole file", got)
    equal(lines_of(report, "/legacy.py")[6], '    name = "caf\ufffd \ufffd"', "bytes that are no UTF-8, and controls, are replaced")
    ok(not piece(report, "/shop.py")["newer"] and piece(report, "/shop.py")["error"] is None, "the files are as old as the process")
    hidden = piece(report, "/key.py")
    equal([hidden["lines"], hidden["error"]], [[], "Permission denied"], "a file that its user cannot read is not read for it, and that is said")
    equal(piece(report, "/below.py")["error"], "Permission denied", "nor one in a directory that is closed to it")
    equal(piece(report, "/linked.py")["lines"], ["first", f"{MARK} too", "third"], "links are followed as it would follow them")
    files = list(dict.fromkeys(s["file"] for s in report["sources"]))
    equal(files[0], f"{directory}/shop.py", "the program's own files with the most time come first")
    write(f"{directory}/legacy.py", LEGACY + b"# changed\n")
    os.unlink(f"{directory}/shop.py")
    _, report = record(server, "--source")
    ok(piece(report, "/legacy.py")["newer"], "a file that changed since the process began is marked")
    equal([piece(report, "/shop.py")[k] for k in ("lines", "error")], [[], "No such file or directory"], "a file that is gone is told")


def as_nobody(directory):
    port = free_port()
    command = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", PYTHON, "-m", "uvicorn", "--port", port,
               "--log-level", "warning", "shop:app"]
    return Server(command, port, cwd=directory, env=environment(PYTHONDONTWRITEBYTECODE="1"))


def not_asked_for():
    directory = scratch("shop")
    secret = f"{directory}/key.py"
    make_app(directory, secret)
    server = uvicorn("shop", cwd=directory)
    r, report = record(server, formats=("json", "html", "text"))
    ok("sources" not in report, "without --source there is no source code")
    texts = {}
    for name in os.listdir(r.where):
        with open(f"{r.where}/{name}", "rb") as f:
            texts[name] = f.read()
    none([name for name, text in texts.items() if MARK.encode() in text], "in no file of the report")
    r, report = record(server, "--source", formats=("json", "html"))
    html = next(name for name in os.listdir(r.where) if name.endswith(".html") and name != "index.html")
    with open(f"{r.where}/{html}", encoding="utf-8") as f:
        text = f.read()
    ok("source code of the functions that it shows" in text and "</script>'" not in text, "with it the page says that it has some")


def native():
    server = pool()
    _, report = record(server, "--source", path="/do/a:60/lock:20")
    with open(f"{os.path.dirname(__file__)}/../servers/operations.c", encoding="utf-8") as f:
        source = f.read().splitlines()
    got = lines_of(report, "tests/servers/operations.c")
    ok(len(got) > CONTEXT, "a C server: lines of its source", [s["file"] for s in report["sources"]])
    equal(got, {n: source[n - 1] for n in got}, "as they stand in the file")


if __name__ == "__main__":
    main(python, not_asked_for, native)
