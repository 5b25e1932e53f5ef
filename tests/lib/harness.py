# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Servers under test, recordings of them, clients. Everything that is started is ended with the test, by its process id."""
import atexit
import datetime
import glob
import http.client
import json
import os
import random
import re
import select
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = f"{ROOT}/build"
SERVERS = f"{ROOT}/tests/servers"
REQPROF = os.environ.get("REQPROF", f"{BUILD}/reqprof")
PYTHON = "/usr/bin/python3"
NOBODY = 65534
PATIENCE = 30          # seconds to wait for something that happens at once unless it is broken: not a property that is tested

_children = []
_scratch = tempfile.mkdtemp(prefix="reqprof-test-")
os.chmod(_scratch, 0o755)


@atexit.register
def _end_all():
    for child in _children:
        try:
            os.killpg(child.pid, signal.SIGKILL)    # its own group: nginx's workers outlive their master
        except ProcessLookupError:
            pass
        child.wait()
    shutil.rmtree(_scratch, ignore_errors=True)


signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))


def scratch(name):
    """A new directory with this name in it, removed at the end."""
    return tempfile.mkdtemp(prefix=f"{name}-", dir=_scratch)


def environment(**more):
    """Ours without what a sudo before us left."""
    left = ("SUDO_UID", "SUDO_GID", "PKEXEC_UID", "DOAS_USER")
    return {k: v for k, v in os.environ.items() if k not in left} | more


def start(command, **how):
    how = {"stdin": subprocess.DEVNULL, "env": environment()} | how
    child = subprocess.Popen([str(c) for c in command], process_group=0, **how)
    _children.append(child)
    return child


def wait_until(condition, what, patience=PATIENCE):
    """The first true value of the condition."""
    deadline = time.monotonic() + patience
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > deadline:
            raise TimeoutError(f"{what}: not within {patience} s")
        time.sleep(0.01)


def free_port(family=socket.AF_INET):
    with socket.socket(family) as s:
        s.bind(("::1" if family == socket.AF_INET6 else "127.0.0.1", 0))
        return s.getsockname()[1]


def can_connect(port):
    with socket.socket() as s:
        return s.connect_ex(("127.0.0.1", port)) == 0


class Output:
    """The lines of a stream, read as they come so that the writer never waits."""

    def __init__(self, stream):
        self.lines = []
        self._stream = stream
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self):
        for line in self._stream:
            self.lines.append(line.rstrip("\n"))

    @property
    def text(self):
        return "\n".join(self.lines)

    def find(self, pattern):
        return next((m for line in list(self.lines) if (m := re.search(pattern, line))), None)

    def wait(self, pattern, patience=PATIENCE):
        return wait_until(lambda: self.find(pattern), f"a line like {pattern} (seen: {self.lines})", patience)

    def close(self):
        self._thread.join(PATIENCE)


class Server:
    """A process that serves HTTP on `port` of 127.0.0.1."""

    def __init__(self, command, port=None, ready=None, **how):
        how = {"stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL, "text": True} | how
        self.process = start(command, **how)
        self.pid = self.process.pid
        self.output = Output(self.process.stdout)
        if port:
            wait_until(lambda: can_connect(port) or self._ended(), f"{command} listens")
            self.port = port
        elif ready:
            wait_until(lambda: ready() or self._ended(), f"{command} listens")
        else:
            self.port = int(self.output.wait(r"^port (\d+)$")[1])

    def _ended(self):
        if self.process.poll() is not None:
            raise ChildProcessError(f"the server ended with {self.process.returncode}: {self.output.text}")

    def get(self, path, headers=None):
        """One request on a connection of its own: (status, body)."""
        with connection(self.port) as c:
            return fetch(c, path, headers)

    def raw(self, request):
        """These bytes on a connection of their own: the first of those that come back."""
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as s:
            s.sendall(request)
            return s.recv(65536)

    def stop(self, how=signal.SIGTERM):
        if self.process.poll() is None:
            self.process.send_signal(how)
        self.process.wait(PATIENCE)


def pool(workers=12, program="pool"):
    """The thread pool, and the database that it asks. pool-cfi: the one without frame pointers."""
    return Server([f"{BUILD}/tests/servers/{program}", workers, database().port])


def http_server(threaded=True):
    return Server([PYTHON, f"{SERVERS}/http_server.py", *(["--threaded"] if threaded else [])])


def write_filled(template, path, **values):
    """A file of tests/servers with @NAME@ replaced by the values."""
    with open(f"{SERVERS}/{template}", encoding="utf-8") as f:
        text = f.read()
    for name, value in values.items():
        text = text.replace(f"@{name}@", str(value))
    with open(path, "w", encoding="utf-8") as f:
        f.write(text)


def certificate(where):
    """A fresh one for localhost: (certificate, key), as files."""
    files = f"{where}/cert.pem", f"{where}/key.pem"
    subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj", "/CN=localhost",
                    "-keyout", files[1], "-out", files[0]], check=True, stderr=subprocess.DEVNULL)
    return files


def nginx(backend=None, workers=1, tls=None):
    """tls: a port for TLS with HTTP/2."""
    where = scratch("nginx")
    os.makedirs(f"{where}/files")
    os.chmod(where, 0o755)
    port = free_port()
    values = {"WHERE": where, "PORT": port, "WORKERS": workers, "BACKEND": backend or 1, "TLS": ""}
    if tls:
        cert, key = certificate(where)
        values["TLS"] = f"listen 127.0.0.1:{tls} ssl http2; ssl_certificate {cert}; ssl_certificate_key {key};"
    write_filled("nginx.conf", f"{where}/nginx.conf", **values)
    for name, size in ("small.txt", 100), ("large.bin", 1 << 20):
        with open(f"{where}/files/{name}", "wb") as f:
            f.write(b"x" * size)
    with open(f"{where}/files/text", "wb") as f:
        f.write(random.Random(1).randbytes(3 << 20).hex().encode())
    with open(f"{where}/files/page", "w", encoding="utf-8") as f:
        f.write('<!--# include virtual="/do/sleep:150" --> <!--# include virtual="/do/sleep:100" -->')
    return Server(["/usr/sbin/nginx", "-p", where, "-c", f"{where}/nginx.conf", "-e", f"{where}/error.log"], port)


def apache(mpm, backend, tls):
    where = scratch("apache")
    os.makedirs(f"{where}/files")
    os.chmod(where, 0o755)
    cert, key = certificate(where)
    port = free_port()
    write_filled("apache.conf", f"{where}/apache.conf", WHERE=where, PORT=port, TLS=tls, MPM=mpm, BACKEND=backend, CERT=cert, KEY=key)
    with open(f"{where}/files/small.txt", "w", encoding="utf-8") as f:
        f.write("small\n")
    return Server(["/usr/sbin/apache2", "-DFOREGROUND", "-f", f"{where}/apache.conf"], port)


def h2o(tls):
    where = scratch("h2o")
    os.makedirs(f"{where}/files")
    os.chmod(where, 0o755)
    cert, key = certificate(where)
    port = free_port()
    write_filled("h2o.conf", f"{where}/h2o.conf", WHERE=where, PORT=port, TLS=tls, CERT=cert, KEY=key)
    for name in "abc":
        with open(f"{where}/files/{name}.txt", "w", encoding="utf-8") as f:
            f.write("small\n")
    return Server(["h2o", "-c", f"{where}/h2o.conf"], port)


def database():
    """It answers a query after as long as the query says."""
    return Server([f"{BUILD}/tests/servers/database"])


def uvicorn(app="fastapi_app", loop="uvloop", cwd=SERVERS, options=(), python=PYTHON, **env):
    port = free_port()
    return Server([python, "-m", "uvicorn", f"{app}:app", "--port", port, "--loop", loop, "--http", "httptools", "--no-access-log",
                   "--log-level", "critical", *options], port, cwd=cwd, env=environment(**env))


def gunicorn(workers=2, app="wsgi_app:application", options=(), **env):
    port = free_port()
    return Server([PYTHON, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", "--workers", workers, "--worker-tmp-dir", "/dev/shm",
                   "--log-level", "error", *options, app], port, cwd=SERVERS, env=environment(**env))


def hypercorn(app, options=(), **env):
    port = free_port()
    return Server([PYTHON, "-m", "hypercorn", "--bind", f"127.0.0.1:{port}", "--log-level", "error", *options, app], port, cwd=SERVERS,
                  env=environment(**env))


def postgresql():
    """(server, directory of its socket, directory of its programs): it runs as nobody, as root may not."""
    where = scratch("postgresql")
    programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))[-1]
    nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
    os.chmod(where, 0o755)
    os.mkdir(f"{where}/data")
    os.chown(f"{where}/data", 65534, 65534)
    subprocess.run([*nobody, f"{programs}/initdb", "--no-sync", "--auth=trust", "--username=nobody", f"{where}/data"], check=True,
                   stdout=subprocess.DEVNULL, cwd="/")
    port = free_port()
    server = Server([*nobody, f"{programs}/postgres", "-D", f"{where}/data", "-p", port, "-k", f"{where}/data", "-F"], port, cwd="/",
                    stderr=subprocess.DEVNULL)
    wait_until(lambda: not subprocess.run([f"{programs}/pg_isready", "-h", f"{where}/data", "-p", str(port)], stdout=subprocess.DEVNULL,
                                          check=False).returncode, "PostgreSQL takes connections")
    return server, f"{where}/data", programs


class connection(http.client.HTTPConnection):
    """A client connection that closes with its `with`."""

    def __init__(self, port):
        super().__init__("127.0.0.1", port, timeout=PATIENCE)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def fetch(c, path, headers=None, method="GET", body=None):
    c.request(method, path, body=body, headers=headers or {})
    response = c.getresponse()
    return response.status, response.read()


class Clients:
    """Threads that call `ask` with a connection of their own and one of the arguments, again and again until the end of the `with`."""

    def __init__(self, port, ask, arguments):
        self._stop, self.lock = threading.Event(), threading.Lock()
        self.threads = [threading.Thread(target=self._run, args=[port, ask, x], daemon=True) for x in arguments]

    def _run(self, port, ask, argument):
        with connection(port) as c:
            while not self._stop.is_set():
                ask(c, argument)

    def __enter__(self):
        for t in self.threads:
            t.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for t in self.threads:
            t.join(PATIENCE)


class Load(Clients):
    """Clients that send unmarked requests."""

    def __init__(self, port, path, clients=8, pause=0.0, headers=None):
        super().__init__(port, self._ask, [(path, pause, headers)] * clients)
        self.sent = 0

    def _ask(self, c, what):
        path, pause, headers = what
        fetch(c, path, headers)
        with self.lock:
            self.sent += 1
        self._stop.wait(pause)

    def __enter__(self):
        super().__enter__()
        wait_until(lambda: self.sent >= len(self.threads), "unmarked requests are served")
        return self


class Recording:
    """reqprof record on one target, from armed to stopped. `limits`: without, the default ones do not get in the way."""

    def __init__(self, *target, options=(), limits=False, formats=("json",), ready=r"^curl ", wrapper=(), where=None, **how):
        self.where, self._stolen_ns = where or scratch("reports"), stolen_ns()
        command = [*wrapper, REQPROF, "record", *target, "-o", self.where]
        for name in formats:
            command += ["-f", name]
        if not limits:
            command += ["--max-rate", "0", "--max-live", "64"]
        self.process = start([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **how)
        self.reports, self.log = Output(self.process.stdout), Output(self.process.stderr)
        if ready:
            wait_until(lambda: self.log.find(ready) or self._ended(), f"{command} is armed ({ready})")

    def _ended(self):
        if self.process.poll() is not None:
            self.log.close()
            raise ChildProcessError(f"reqprof ended with {self.process.returncode}: {self.log.text}")

    def wait_reports(self, n, patience=PATIENCE):
        wait_until(lambda: len(self.reports.lines) >= n or self._ended(),
                   f"{n} reports (log: {self.log.lines})", patience)

    def stop(self, how=signal.SIGINT):
        """^C; then all that was recorded is on the disk. Returns the exit status."""
        if self.process.poll() is None:
            self.process.send_signal(how)
        return self.end()

    def end(self):
        status = self.process.wait(PATIENCE)
        self.reports.close()
        self.log.close()
        return status

    def sleeps(self, report, ns):
        """Is its class sleep as long as its only sleep must have been? A timer is not early, but it may be due while the thread has no CPU."""
        late_ns = stolen_ns() - self._stolen_ns
        return ns - unready(report) <= report["time"]["classes_ns"]["sleep"] <= 1.02 * ns + late_ns

    def json(self):
        """The reports that are there now, in the order of their begin."""
        found = []
        for path in glob.glob(f"{self.where}/*.json"):
            try:
                with open(path, encoding="utf-8") as f:
                    found.append(json.load(f))
            except FileNotFoundError:  # a snapshot, which the final report has just replaced
                continue
        return sorted(found, key=lambda r: r["request"]["start"])

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.stop()


# ---- questions about a report ------------------------------------------------------------------------------------------------------


def path_of(report):
    return re.split("[?#]", report["request"]["target"])[0]


def begin_of(report):
    """In ns since 1970."""
    second, rest = report["request"]["start"].split(".")
    return int(datetime.datetime.fromisoformat(second + rest[9:]).timestamp()) * 10**9 + int(rest[:9])


def functions(report, stack):
    """The names of a stack's functions, innermost first."""
    names = []
    while stack >= 0:
        stack, frame = report["stacks"][stack]
        names.append(report["frames"][frame]["function"])
    return names


def modules(report, stack):
    """The base names of the files (None = unknown) that a stack's functions are in, innermost first."""
    found = []
    while stack >= 0:
        stack, frame = report["stacks"][stack]
        found.append(os.path.basename(report["frames"][frame]["module"] or "") or None)
    return found


def all_functions(report):
    return {f["function"] for f in report["frames"]}


def cpu_of(report, function):
    """The weight of the samples whose stack has this function in it."""
    s = report["samples"]
    return sum(weight for weight, stack in zip(s["weight_ns"], s["stack"]) if function in functions(report, stack))


def cpu_total(report):
    return sum(report["samples"]["weight_ns"])


def waits_of(report, cause):
    return [w for w in report["waits"] if w["cause"] == cause]


def stolen_ns():
    """What a hypervisor has taken from this machine's CPUs so far, to 10 ms. Timers fire late then, and nobody has the CPU."""
    with open("/proc/stat", encoding="ascii") as f:
        return int(f.readline().split()[8]) * 10_000_000


def unready(report):
    """ns for which its threads could have run and had no CPU. By so much may a time that the server takes itself be from what it measures."""
    return sum(w["runnable_ns"] for w in report["waits"])


def readable(fd, seconds):
    return bool(select.select([fd], [], [], seconds)[0])
