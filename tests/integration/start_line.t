#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What is said of servers when they are attached to, listed or looked at by doctor: name, runtime, event loop, workers. Needs root."""
import os
import re
import signal
import socket
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
from harness import PYTHON, REQPROF, SERVERS, Recording, Server, can_connect, environment, free_port, nginx, scratch, start, wait_until
from tap import equal, main, none, ok
from web_servers import php_fpm, uwsgi

CPYTHON = "CPython " + subprocess.run([PYTHON, "-c", "import sys; print('%d.%d' % sys.version_info[:2])"], capture_output=True, text=True,
                                      check=True).stdout.strip()
GEVENT = "gevent: requests on one thread cannot be told apart, ambiguous"


def module(*args, port, cwd=SERVERS):
    return Server([PYTHON, "-m", *args], port, cwd=cwd, env=environment(PYTHONDONTWRITEBYTECODE="1"))


def serves(server):
    """Its workers are there when one of them has answered."""
    wait_until(lambda: server.raw(b"GET /hello HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"), "an answer")
    return server


def of_uvicorn(*args):
    port = free_port()
    return serves(module("uvicorn", "fastapi_app:app", "--port", port, "--http", "httptools", "--log-level", "error", *args, port=port))


def of_gunicorn(*args, app="wsgi_app:application"):
    port = free_port()
    return serves(module("gunicorn", "--bind", f"127.0.0.1:{port}", "--worker-tmp-dir", "/dev/shm", "--log-level", "error", *args, app, port=port))


def of_node():
    source = "const s = require('http').createServer((q, r) => r.end('x')).listen(0, '127.0.0.1', () => console.log('port ' + s.address().port))"
    name = f"{scratch('node')}/server.js"
    with open(name, "w", encoding="utf-8") as f:
        f.write(source)
    return Server(["node", name])


def of_http_server():
    port = free_port()
    return module("http.server", port, "--bind", "127.0.0.1", port=port)


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="ascii") as f:
        return [int(p) for p in f.read().split()]


def waits(pid):
    """Has it an epoll instance, as event loops have?"""
    return any(os.readlink(fd) == "anon_inode:[eventpoll]" for fd in map(f"/proc/{pid}/fd/{{}}".format, os.listdir(f"/proc/{pid}/fd"))
               if os.path.islink(fd))


def wait_for_loops(server, n):
    wait_until(lambda: sum(waits(p) for p in children(server.pid)) == n, f"{n} workers with event loops")


def said(r):
    """(attached lines, what -v says of each process)"""
    r.log.wait("^curl ")
    lines = list(r.log.lines)
    return [x for x in lines if x.startswith("attached ") and " ms" not in x], [x for x in lines if x.startswith("process ")]


def ran(r):
    return {(x["about"]["program"], x["about"]["runtime"]) for x in r.json()}


def expect(what, server, line, parts=None, target=None):
    with Recording(*(target or ("--pid", server.pid)), options=["-v"]) as r:
        attached, processes = said(r)
    equal(attached, [f"attached {server.pid} {line.format(port=server.port)}"], f"{what}: the line")
    if parts:
        equal(sorted(re.sub(r"\d+", "N", x) for x in processes), sorted(f"process N {x}" for x in parts), f"{what}: its processes")
    server.stop()


TRACKER = "multiprocessing's resource tracker, child of N"


def uvicorns():
    expect("uvicorn", of_uvicorn("--loop", "uvloop"), f"uvicorn: {CPYTHON}, uvloop, 1 worker, listens on 127.0.0.1:{{port}}", ["uvicorn"])
    expect("uvicorn on asyncio", of_uvicorn("--loop", "asyncio"), f"uvicorn: {CPYTHON}, asyncio, 1 worker, listens on 127.0.0.1:{{port}}")
    server = of_uvicorn("--loop", "uvloop", "--workers", "2")
    wait_for_loops(server, 2)
    expect("uvicorn --workers 2", server, f"uvicorn: {CPYTHON}, uvloop, 2 workers, listens on 127.0.0.1:{{port}}",
           ["uvicorn's master", TRACKER, "worker of N", "worker of N"])
    expect("uvicorn --reload", of_uvicorn("--loop", "asyncio", "--reload", "--reload-dir", scratch("reload")),
           f"uvicorn: {CPYTHON}, asyncio, 1 worker, listens on 127.0.0.1:{{port}}", ["uvicorn's reloader", TRACKER, "worker of N"])


def gunicorns():
    line = f"gunicorn: {CPYTHON}, %s, listens on 127.0.0.1:{{port}}"
    server = of_gunicorn("--workers", "2")
    wait_until(lambda: len(children(server.pid)) == 2, "two workers")
    expect("gunicorn", server, line % "2 workers", ["gunicorn's master", "worker of N", "worker of N"])
    expect("gunicorn with threads", of_gunicorn("-k", "gthread", "--threads", "2"), line % "1 worker", ["gunicorn's master", "worker of N"])
    expect("gunicorn with uvicorn's workers", of_gunicorn("-k", "uvicorn.workers.UvicornWorker", app="fastapi_app:app"), line % "uvloop, 1 worker")
    expect("gunicorn with gevent", of_gunicorn("-k", "gevent"), line % "gevent, 1 worker" + f"; {GEVENT}")


def others():
    port = free_port()
    server = serves(module("hypercorn", "fastapi_app:app", "--bind", f"127.0.0.1:{port}", "--workers", "2", port=port))
    wait_for_loops(server, 2)
    expect("hypercorn", server, f"hypercorn: {CPYTHON}, asyncio, 2 workers, listens on 127.0.0.1:{{port}}",
           ["hypercorn's master", "worker of N", "worker of N"])
    expect("http.server", of_http_server(), f"http.server: {CPYTHON}, 1 worker, listens on 127.0.0.1:{{port}}", ["http.server"])
    expect("node", of_node(), r"server.js: Node.js, 1 worker, listens on 127.0.0.1:{port}")
    expect("nginx", nginx(workers=2), "nginx: 2 workers, listens on 127.0.0.1:{port}", ["nginx's master", "worker of N", "worker of N"])


def by_port():
    of_two = of_uvicorn("--loop", "uvloop", "--workers", "2")
    for what, server, runtime in (("gunicorn", of_gunicorn("--workers", "2"), CPYTHON), ("uvicorn --workers 2", of_two, f"{CPYTHON}, uvloop")):
        wait_until(lambda s=server: len(children(s.pid)) >= 2, "the workers")
        with Recording("--port", server.port) as r:
            for _ in range(10):
                server.get("/sleep/1?profile=1")
            r.wait_reports(10)
            attached, _ = said(r)
        ok(len(attached) == 1 and re.match(rf"attached {server.pid} .* 2 workers, ", attached[0]), f"--port: {what} is one line", attached)
        none([x["request"]["pid"] for x in r.json() if x["request"]["pid"] not in children(server.pid)], f"--port: {what}: its workers are seen")
        equal(ran(r), {(what.split()[0], runtime)}, f"--port: {what}: their reports say what they run")
        server.stop()


APP = """async def app(scope, receive, send):
    await send({'type': 'http.response.start', 'status': 200, 'headers': [(b'content-length', b'1')]})
    await send({'type': 'http.response.body', 'body': b'x'})
"""


def reloader():
    """(server, its source file)"""
    name = f"{scratch('reload')}/app.py"
    with open(name, "w", encoding="utf-8") as f:
        f.write(APP)
    port = free_port()
    return serves(module("uvicorn", "app:app", "--port", port, "--reload", "--lifespan", "off", "--log-level", "error", port=port,
                         cwd=os.path.dirname(name))), name


def reloaded():
    for what in "--port", "--pid":
        server, source = reloader()
        before = set(children(server.pid))
        with Recording(what, server.port if what == "--port" else server.pid) as r:
            server.get("/?profile=1")
            # Again and again: a change before it has looked at its files is not seen.
            wait_until(lambda s=server, b=before, f=source: os.utime(f) or set(children(s.pid)) - b, "a new child")
            wait_until(lambda s=server, b=before: set(children(s.pid)) & b != b, "the end of the old child")
            serves(server).get("/?profile=1")
            r.wait_reports(2)
            attached, _ = said(r)
        pids = [x["request"]["pid"] for x in r.json()]
        ok(len(pids) == 2 and pids[0] in before and pids[1] in set(children(server.pid)) - before,
           f"{what}: uvicorn --reload, old child and new", (pids, before, children(server.pid)))
        equal(len(attached), 1, f"{what}: its line is said once")
        equal({x[0] for x in ran(r)}, {"uvicorn"}, f"{what}: the reports say what they run, of the new child, too")
        server.stop()


def listed():
    """Without a target."""
    server = of_uvicorn("--loop", "uvloop", "--reload", "--reload-dir", scratch("reload"))
    p = subprocess.run([REQPROF], capture_output=True, text=True, env=environment(), check=False)
    row = rf"^ *{server.pid}  uvicorn +{re.escape(CPYTHON)} +1  127\.0\.0\.1:{server.port}$"
    ok(p.returncode == 2 and re.search(row, p.stderr, re.M), "no target: name, runtime, workers, address", p.stderr)
    server.stop()


def doctor():
    def look(server):
        p = subprocess.run([REQPROF, "doctor", "--pid", str(server.pid)], capture_output=True, text=True, env=environment(), check=False)
        server.stop()
        return p.returncode, p.stdout
    server = of_uvicorn("--loop", "uvloop", "--workers", "2")
    wait_for_loops(server, 2)
    status, text = look(server)
    lines = text.splitlines()
    ok(status == 0 and f"ok  frames: {CPYTHON}: of Python functions, C extensions and the kernel" in lines and "ok  event loop: uvloop" in lines,
       "doctor: a Python server", text)
    status, text = look(of_gunicorn("-k", "gevent"))
    ok(status == 0 and f"no  event loop: {GEVENT}" in text.splitlines(), "doctor: gevent", text)
    status, text = look(of_node())
    ok(status == 0 and "ok  frames: Node.js: names of JavaScript functions need node --perf-basic-prof" in text.splitlines(), "doctor: node", text)


def asked():
    """The command to run next, where it is another one than curl 'http://…'."""
    with socket.create_server(("127.0.0.43", 443)):
        with Recording("--pid", os.getpid()) as r:
            ok(r.log.find("^curl 'https://127.0.0.43:443/YOUR/PATH.profile=1'$"), "on port 443 TLS is spoken", r.log.lines)
    server = nginx(tls=(tls := free_port()))
    with Recording("--port", tls, "--handler", "nginx", ready="^or https://, where it speaks TLS$") as r:
        ok(r.log.find(f"^curl 'http://127.0.0.1:{tls}/YOUR/PATH"), "with --port that one of its ports, with a handler TLS or not", r.log.lines)
    server.stop()
    server = uwsgi()
    with Recording("--pid", server.pid, ready="^or, where uwsgi.* speaks uwsgi: ask its web server for /YOUR/PATH.profile=1$") as r:
        ok(r.log.find(f"^curl 'http://127.0.0.1:{server.port}/YOUR/PATH"), "uWSGI may speak HTTP or not", r.log.lines)
    server.stop()
    server = php_fpm()
    with Recording("--pid", server.pid, ready="^its requests are seen with --handler: ") as r:
        ok(r.log.find("^php-fpm.* speaks FastCGI: ask its web server for /YOUR/PATH.profile=1$") and not r.log.find("^curl "), "FastCGI", r.log.lines)
    server.stop()


def hostile():
    """What a process calls itself is not what the terminal is told."""
    port = free_port()
    code = "import socket, signal; s = socket.create_server(('127.0.0.1', %d)); signal.pause()" % port
    p = start(["\033[2J\nattached 1 uvicorn", "-c", code], executable=PYTHON)
    wait_until(lambda: can_connect(port), "it listens")
    with Recording("--pid", p.pid) as r:
        attached, _ = said(r)
    equal(attached, [rf"attached {p.pid} \x1b[2J\x0aattached: {CPYTHON}, 1 worker, listens on 127.0.0.1:{port}"], "a hostile name is escaped")
    p.send_signal(signal.SIGKILL)


main(uvicorns, gunicorns, others, by_port, reloaded, listed, doctor, asked, hostile)
