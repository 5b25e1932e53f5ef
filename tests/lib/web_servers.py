# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Web servers whose handlers are known: lighttpd, php-fpm, uWSGI."""
import glob
import os
import random
import shutil

from harness import SERVERS, Server, certificate, free_port, scratch, write_filled


def cpu_ns(*pids):
    """What these processes have used of the CPU so far, by the scheduler's clock."""
    total = 0
    for pid in pids:
        for task in glob.glob(f"/proc/{pid}/task/*/schedstat"):
            with open(task, encoding="ascii") as f:
                total += int(f.read().split()[0])
    return total


def lighttpd(tls, php=None):
    """php: the socket of a php-fpm, which answers /app.php and /shop/…"""
    where = scratch("lighttpd")
    os.makedirs(f"{where}/files")
    os.chmod(where, 0o755)
    cert, key = certificate(where)
    port = free_port()
    write_filled("lighttpd.conf", f"{where}/lighttpd.conf", WHERE=where, PORT=port, TLS=tls, CERT=cert, KEY=key, PHP=php or f"{where}/absent")
    shutil.copy(f"{SERVERS}/app.php", f"{where}/files")
    with open(f"{where}/files/small.txt", "w", encoding="utf-8") as f:
        f.write("small\n")
    with open(f"{where}/files/large.txt", "wb") as f:
        f.write(random.Random(1).randbytes(3 << 20).hex().encode())
    return Server(["/usr/sbin/lighttpd", "-D", "-f", f"{where}/lighttpd.conf"], port)


def php_fpm(workers=1):
    """On the Unix socket `.path`."""
    where = scratch("php")
    os.chmod(where, 0o755)
    write_filled("php-fpm.conf", f"{where}/php-fpm.conf", WHERE=where, WORKERS=workers)
    program = max(glob.glob("/usr/sbin/php-fpm*"), key=len)
    server = Server([program, "-R", "-n", "-y", f"{where}/php-fpm.conf"], ready=lambda: os.path.exists(f"{where}/socket"))
    server.path = f"{where}/socket"
    return server


def uwsgi(processes=2, threads=2):
    port = free_port()
    return Server(["/usr/bin/uwsgi-core", "--plugin", "python3", "--http11-socket", f"127.0.0.1:{port}", "--master", "--die-on-term",
                   "--processes", processes, "--threads", threads, "--enable-threads", "--wsgi-file", f"{SERVERS}/wsgi_app.py"], port)
