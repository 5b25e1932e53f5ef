#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Where reports go, on a real server: owners, modes, names, the index, one file, a full disk, --open; and reading them. Needs root."""
import http.client
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQPROF = os.environ.get("REQPROF", f"{ROOT}/build/reqprof")
NOBODY = 65534
SUDO = {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)}
NAME = r"\d{8}T\d{6}\.\d{3}-GET-hello.txt-200-\d+ms-[0-9a-f]{6}"
count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        failed += 1
        print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


class Server:
    """http.server of a directory with one file."""

    def __init__(self, scratch):
        os.mkdir(f"{scratch}/served")
        with open(f"{scratch}/served/hello.txt", "w", encoding="utf-8") as f:
            f.write("hello\n")
        self.process = subprocess.Popen(["/usr/bin/python3", "-u", "-m", "http.server", "0", "--bind", "127.0.0.1"],
                                        cwd=f"{scratch}/served", stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.port = int(re.search(r"port (\d+)", self.process.stdout.readline()).group(1))

    def get(self, target="/hello.txt?profile=1&key=s3cret"):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        connection.request("GET", target)
        status = connection.getresponse().status
        connection.close()
        return status

    def stop(self):
        self.process.kill()
        self.process.wait()


class Recording:
    """reqprof on behalf of nobody; returns once it is armed. Its stderr goes to a file, so that it can be read while it grows."""

    def __init__(self, server, *options, cwd, env=None):
        clean = {k: v for k, v in os.environ.items() if k not in ("PKEXEC_UID", "DOAS_USER", "DISPLAY", "WAYLAND_DISPLAY")}
        self.file = tempfile.NamedTemporaryFile("r", prefix="reqprof-stderr-", encoding="utf-8")
        self.process = subprocess.Popen([REQPROF, "--pid", str(server.process.pid), *options], cwd=cwd, env=clean | SUDO | (env or {}),
                                        stdout=subprocess.PIPE, stderr=open(self.file.name, "a", encoding="utf-8"), text=True)
        wait_until(lambda: "curl" in self.err or self.process.poll() is not None)

    @property
    def err(self):
        return read(self.file.name)

    def finish(self, timeout=60):
        """Its exit status and its stdout, once nobody can print any more."""
        try:
            out, _ = self.process.communicate(timeout=timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            return f"still running after {timeout} s", self.process.communicate()[0]
        return self.process.returncode, out


def run(*args, cwd, user=NOBODY):
    return subprocess.run([REQPROF, *args], cwd=cwd, capture_output=True, text=True, timeout=60, user=user, group=user, extra_groups=[])


def wait_until(condition, seconds=20):
    end = time.monotonic() + seconds
    while not condition() and time.monotonic() < end:
        time.sleep(0.05)
    return condition()


def nobodys(scratch, name):
    path = f"{scratch}/{name}"
    os.mkdir(path, 0o755)
    os.chown(path, NOBODY, NOBODY)
    return path


def directory(server, scratch):
    home = nobodys(scratch, "home")
    reports = f"{home}/reqprof-reports"
    r = Recording(server, "-n", "2", "-f", "html", "-f", "json", cwd=home)
    answers = [server.get(), server.get()]
    status, out = r.finish()
    ok(status == 0 and answers == [200, 200], "two reports, then the end", f"{status} {answers}\n{out}{r.err}")
    lines = out.splitlines()
    named = [re.search(rf"→ (reqprof-reports/{NAME}\.html)$", line) for line in lines]
    ok(len(lines) == 2 and all(named), "each line names its file", out)
    ok(all(os.path.isfile(f"{home}/{m.group(1)}") for m in named if m), "which is there", os.listdir(reports))
    files = sorted(os.listdir(reports))
    expected = [rf"{NAME}\.(html|json|rp)"] * 6 + [r"\.gitignore", r"index\.html"]
    ok(len(files) == 8 and all(any(re.fullmatch(e, f) for e in expected) for f in files),
       "profile, html and json of each, nothing else", files)
    stats = [os.stat(f"{reports}/{f}") for f in files]
    ok(all(s.st_mode & 0o7777 == 0o600 and s.st_uid == s.st_gid == NOBODY for s in stats), "0600, of the user behind sudo", stats)
    index = read(f"{reports}/index.html")
    ok(index.count("GET /hello.txt?profile=1&amp;key=…</bdi>") == 2, "the index has both", index[-3000:])
    everything = "".join(read(f"{reports}/{f}") for f in files if not f.endswith(".rp")) + out + r.err
    ok("s3cret" not in everything, "and nothing the value of another parameter")
    return home


def reading(home):
    p = run("list", cwd=home)
    rows = p.stdout.splitlines()[1:]
    ok(p.returncode == 0 and len(rows) == 2 and all("GET /hello.txt?profile=1&key=…" in row for row in rows),
       "list, not as root", p.stdout + p.stderr)
    last = rows[0].split()[0]
    text = run("report", "last", cwd=home)
    ok(text.returncode == 0 and "GET /hello.txt" in text.stdout, "report last is text", text.stdout + text.stderr)
    ok(run("report", last, cwd=home).stdout == text.stdout, "and the first of the list")
    data = json.loads(run("report", last, "-f", "json", cwd=home).stdout)
    ok(data["request"]["id"] == last, "as JSON", data["request"])
    here = run("report", "last", "-f", "json", cwd=f"{home}/reqprof-reports")
    ok(here.stdout and json.loads(here.stdout) == data, "also from inside the directory", here.stderr)
    p = run("report", last, "-o", "again.json", cwd=home)
    ok(p.returncode == 0 and p.stdout == "" and json.loads(read(f"{home}/again.json")) == data, "-o implies the format", p.stderr)
    p = run("report", last, "-f", "json", "-o", "-", cwd=home)
    ok(p.returncode == 0 and json.loads(p.stdout) == data, "-o - is stdout", p.stderr)
    p = run("report", last, "-o", "/dev/full", "-f", "json", cwd=home)
    ok(p.returncode == 1 and "cannot write /dev/full: No space left on device" in p.stderr, "a full device is told", p.stderr)
    ok(os.path.exists("/dev/full") and not os.path.isfile("/dev/full"), "and still a device")


def on_terminal(*args, cwd):
    """Exit status and what stands on the terminal that it writes to."""
    ours, theirs = pty.openpty()
    p = subprocess.run([REQPROF, *args], cwd=cwd, stdin=subprocess.DEVNULL, stdout=theirs, stderr=theirs, timeout=60, check=False)
    os.close(theirs)
    text = os.read(ours, 1 << 16).decode(errors="replace")
    os.close(ours)
    return p.returncode, text


def exports(server, scratch):
    where = nobodys(scratch, "exports")
    r = Recording(server, "-n", "1", "-f", "speedscope", "-f", "pprof", "-f", "gecko", cwd=where)
    server.get()
    status, out = r.finish()
    reports = f"{where}/reqprof-reports"
    endings = (".speedscope.json", ".pb.gz", ".gecko.json")
    files = [f for f in os.listdir(reports) if f.endswith(endings)]
    ok(status == 0 and len(files) == 3, "record writes exports", f"{status} {os.listdir(reports)}\n{out}{r.err}")
    for ending, magic in zip(endings, (b'{"$schema"', b"\x1f\x8b", b'{"meta"')):
        p = run("report", "last", "-o", f"again{ending}", cwd=where)
        with open(f"{where}/again{ending}", "rb") as f:
            again = f.read()
        with open(f"{reports}/{next(f for f in files if f.endswith(ending))}", "rb") as f:
            ok(p.returncode == 0 and again.startswith(magic) and again == f.read(), f"report -o x{ending} makes the same again", p.stderr)
    p = subprocess.run([REQPROF, "report", "last", "-f", "pprof", "-o", "-"], cwd=where, capture_output=True, timeout=60, check=False)
    ok(p.returncode == 0 and p.stdout.startswith(b"\x1f\x8b"), "a binary format goes into a pipe", p.stderr)
    status, text = on_terminal("report", "last", "-f", "pprof", cwd=where)
    ok(status == 2 and "cannot write pprof to a terminal" in text and "-o FILE.pb.gz" in text, "and not to a terminal", f"{status} {text}")


def single_file(server, scratch):
    where = nobodys(scratch, "single")
    r = Recording(server, "-n", "1", "-o", "slow.json", cwd=where)
    server.get()
    status, out = r.finish()
    ok(status == 0 and out.rstrip().endswith("→ slow.json"), "-n 1 -o FILE", f"{status}\n{out}{r.err}")
    ok(sorted(os.listdir(where)) == ["slow.json", "slow.rp"], "the profile beside it, nothing else", os.listdir(where))
    ok(json.loads(read(f"{where}/slow.json"))["request"]["status"] == 200, "in the format of its ending")


def existing_directory(server, scratch):
    where = nobodys(scratch, "mine")
    os.chmod(where, 0o751)
    r = Recording(server, "-n", "1", "-o", where, cwd="/")
    server.get()
    status, out = r.finish()
    st = os.stat(where)
    ok(status == 0 and st.st_mode & 0o7777 == 0o751 and ".gitignore" not in os.listdir(where), "a directory that existed is left as it is",
       f"{status} {st} {os.listdir(where)}\n{out}{r.err}")


def full_disk(server, scratch):
    where = nobodys(scratch, "full")
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size=64k,uid={NOBODY},mode=755", "none", where], check=True)
    try:
        r = Recording(server, "-o", where, cwd="/")
        with open(f"{where}/ballast", "wb") as f:
            f.write(bytes(60 * 1024))
        server.get()
        told = lambda text: re.search("No space left on device; no file of this report was kept", text)
        ok(wait_until(lambda: told(r.err)), "a full disk is told", r.err)
        ok(os.listdir(where) == ["ballast"], "and nothing half-written stays", os.listdir(where))
        subprocess.run(["mount", "-o", "remount,size=64m", where], check=True)
        server.get()
        ok(wait_until(lambda: any(f.endswith(".html") for f in os.listdir(where))), "recording goes on", os.listdir(where))
        r.process.send_signal(signal.SIGINT)
        status, out = r.finish()
        ok(status == 1 and len(out.splitlines()) == 1, "and the end is exit status 1", f"{status}\n{out}{r.err}")
    finally:
        subprocess.run(["umount", where], check=True)


def opening(server, scratch):
    where = nobodys(scratch, "open")
    log = f"{where}/opened"
    os.mkdir(f"{scratch}/bin")
    with open(f"{scratch}/bin/xdg-open", "w", encoding="utf-8") as f:
        f.write(f'#!/bin/sh\necho "$(id -u) $1" >> {log}\n')
    os.chmod(f"{scratch}/bin/xdg-open", 0o755)
    path = {"PATH": f"{scratch}/bin:{os.environ['PATH']}"}
    r = Recording(server, "-n", "1", "--open", cwd=where, env=path | {"DISPLAY": ":99"})
    server.get()
    r.finish()
    wait_until(lambda: os.path.exists(log) and read(log))
    opened = read(log) if os.path.exists(log) else ""
    ok(re.fullmatch(rf"{NOBODY} {where}/reqprof-reports/{NAME}\.html\n", opened), "--open opens it as the user behind sudo", opened + r.err)
    r = Recording(server, "-n", "1", "--open", cwd=where, env=path)
    server.get()
    status, _ = r.finish()
    ok(status == 0 and "no display" in r.err and read(log) == opened, "without a display it says so", r.err)
    r = Recording(server, "-n", "1", "--open", "-o", "roots", cwd=where, env=path | {"DISPLAY": ":99", "SUDO_UID": "0", "SUDO_GID": "0"})
    server.get()
    status, _ = r.finish()
    ok(status == 0 and "--open: not as root" in r.err and read(log) == opened, "never as root", r.err)


def not_reached(server, scratch):
    where = nobodys(scratch, "few")
    r = Recording(server, "-n", "2", "-d", "1s", cwd=where)
    server.get()
    status, out = r.finish()
    ok(status == 1 and len(out.splitlines()) == 1, "-n not reached when -d is over: exit status 1", f"{status}\n{out}{r.err}")


def main():
    if os.geteuid():
        print("Bail out! needs root: sudo make test")
        return 1
    scratch = tempfile.mkdtemp(prefix="reqprof-output-")
    os.chmod(scratch, 0o755)
    server = Server(scratch)
    try:
        reading(directory(server, scratch))
        exports(server, scratch)
        single_file(server, scratch)
        existing_directory(server, scratch)
        full_disk(server, scratch)
        opening(server, scratch)
        not_reached(server, scratch)
    finally:
        server.stop()
        shutil.rmtree(scratch)
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
