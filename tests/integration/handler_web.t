#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""lighttpd, php-fpm and uWSGI by their handlers, each against its own CPU clock. Needs root."""
import os
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import Load, Recording, all_functions, cpu_of, cpu_total, free_port, path_of
from tap import equal, main, measured, none, ok, within
from web_servers import cpu_ns, lighttpd, php_fpm, uwsgi


def curl(*args):
    nowhere = [x for arg in args if "://" in arg for x in ("-o", "/dev/null")]
    command = ["curl", "-sk", "-w", "%{http_version} %{http_code}\n", *nowhere, *args]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.split("\n")[:-1]


def workers(server):
    return subprocess.run(["pgrep", "-P", str(server.pid)], capture_output=True, text=True, check=True).stdout.split()


def told(report):
    q = report["request"]
    return q["method"], q["target"], q["status"], q["end"]


def kept(reports, n, what):
    equal(len(reports), n, f"{what}: one request, one report")
    none([f"{path_of(x)}: {f}" for x in reports for f in contract.faults(x)], f"{what}: all keep the contract")
    none([x["time"] for x in reports if x["time"]["ambiguous_ns"]], f"{what}: nothing is ambiguous")


def light():
    port = free_port()
    server = lighttpd(port)
    plain, tls = f"http://127.0.0.1:{server.port}", f"https://127.0.0.1:{port}"
    with Recording("--port", server.port, "--handler", "lighttpd") as r:
        equal(curl(f"{plain}/small.txt?profile=1", f"{plain}/small.txt", f"{plain}/old/small.txt?a=b&profile=1"), ["1.1 200"] * 3, "over HTTP/1.1")
        equal(curl("--http1.1", "-X", "OPTIONS", f"{tls}/small.txt?profile=1"), ["1.1 200"], "over TLS")
        equal(curl("--http2", f"{tls}/small.txt?profile=1", f"{tls}/absent?profile=1"), ["2 200", "2 404"], "over HTTP/2")
        before = cpu_ns(server.pid)
        equal(curl("--compressed", f"{plain}/large.txt?profile=1"), ["1.1 200"], "compressed")
        used = cpu_ns(server.pid) - before
        r.wait_reports(6)
    reports = r.json()
    kept(reports, 6, "lighttpd")
    equal([told(x) for x in reports],
          [("GET", "/small.txt?profile=1", 200, "seen"), ("GET", "/old/small.txt?a=…&profile=1", 200, "seen"),
           ("OPTIONS", "/small.txt?profile=1", 200, "seen"), ("GET", "/small.txt?profile=1", 200, "seen"), ("GET", "/absent?profile=1", 404, "seen"),
           ("GET", "/large.txt?profile=1", 200, "seen")], "lighttpd: what they are, a rewritten one as it was sent")
    within(cpu_total(reports[-1]) / used * 100, 100, 2, "lighttpd: what it compresses, by its own clock")
    server.stop()


def upstream():
    """Among others on the same thread, which compress while it waits for its answer."""
    php, port = php_fpm(), free_port()
    server = lighttpd(port, php.path)
    with Recording("--port", server.port, "--handler", "lighttpd") as r:
        with Load(server.port, "/large.txt", clients=2, pause=0.01, headers={"Accept-Encoding": "gzip"}):
            for _ in range(3):
                equal(curl("--http2", f"https://127.0.0.1:{port}/app.php?sleep=60&profile=1"), ["2 200"], "answered")
            r.wait_reports(3)
    reports = r.json()
    kept(reports, 3, "upstream")
    for x in reports:
        equal({a["object"] for a in x["awaits"] if a["cause"] == "network"}, {f"unix:{php.path}"}, "upstream: what it waits for is named")
        ok(cpu_total(x) < 5e6 and not [f for f in all_functions(x) if f and "deflate" in f], "upstream: nothing of another request",
           f"{cpu_total(x)} {all_functions(x)}")
    server.stop()
    php.stop()


def php():
    fpm, port = php_fpm(), free_port()
    server = lighttpd(port, fpm.path)
    url = f"http://127.0.0.1:{server.port}"
    with Recording("--pid", fpm.pid, "--handler", "php-fpm", ready="speaks FastCGI: ask its web server for /YOUR/PATH.profile=1$") as r:
        ok(not r.log.find("^curl "), "php-fpm: no curl command, which it would not answer", r.log.lines)
        curl(f"{url}/app.php?cpu=1")
        before = cpu_ns(*workers(fpm))
        equal(curl("-d", "abc", f"{url}/shop/orders?cpu=60&sleep=20&status=201&profile=1"), ["1.1 201"], "answered")
        used = cpu_ns(*workers(fpm)) - before
        equal(curl(f"{url}/app.php?cpu=1", f"{url}/app.php?status=404&profile=1"), ["1.1 200", "1.1 404"], "answered")
        r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "php-fpm")
    equal([told(x) for x in reports],
          [("POST", "/shop/orders?cpu=…&sleep=…&status=…&profile=1", 201, "seen"), ("GET", "/app.php?status=…&profile=1", 404, "seen")],
          "php-fpm: what they are, as the browser sent them")
    within(cpu_total(reports[0]) / used * 100, 100, 2, "php-fpm: what it computes, by its own clock, shutdown functions included")
    measured(r.sleeps(reports[0], 20e6), "php-fpm: and its sleep", reports[0]["time"])
    server.stop()
    fpm.stop()


def wsgi():
    server = uwsgi()
    url = f"http://127.0.0.1:{server.port}"
    with Recording("--pid", server.pid, "--handler", "uwsgi") as r:
        with Load(server.port, "/sleep/5", clients=3, pause=0.01):
            equal(curl("-d", "abc", f"{url}/cpu/60?profile=1", f"{url}/cpu/1", f"{url}/sleep/20?profile=1"), ["1.1 200"] * 3, "answered")
            r.wait_reports(2)
    reports = r.json()
    kept(reports, 2, "uWSGI")
    equal([told(x) for x in reports], [("POST", f"{path}?profile=1", 200, "seen") for path in ("/cpu/60", "/sleep/20")], "uWSGI: what they are")
    within(cpu_of(reports[0], "application") / 60e6 * 100, 100, 2, "uWSGI: what it computes, by its own clock")
    measured(r.sleeps(reports[1], 20e6), "uWSGI: and its sleep", reports[1]["time"])
    server.stop()


def automatic():
    """Nobody has named a handler: it is used for what the sockets do not show, TLS and FastCGI."""
    fpm, port = php_fpm(), free_port()
    server = lighttpd(port, fpm.path)
    with Recording("--pid", f"{server.pid},{fpm.pid}") as r:
        curl(f"https://127.0.0.1:{port}/app.php")
        for name in "lighttpd", "php-fpm":
            r.log.wait(rf"^handler {name}: probed")
        equal(curl(f"http://127.0.0.1:{server.port}/small.txt?profile=1"), ["1.1 200"], "over HTTP/1.1")
        equal(curl("--http2", f"https://127.0.0.1:{port}/small.txt?profile=1", f"https://127.0.0.1:{port}/app.php?profile=1"), ["2 200"] * 2,
              "over HTTP/2, and by FastCGI")
        r.wait_reports(4)
    equal(sorted((x["request"]["pid"] == server.pid, x["request"]["source"], path_of(x)) for x in r.json()),
          [(False, "handler", "/app.php"), (True, "handler", "/app.php"), (True, "handler", "/small.txt"), (True, "http", "/small.txt")],
          "automatic: one request, one report")
    server.stop()
    fpm.stop()


main(light, upstream, php, wsgi, automatic)
