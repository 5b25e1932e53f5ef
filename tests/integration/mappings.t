#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Stacks stay whole while code comes and goes: dlopen, replaced and deleted files, memory files, mount namespaces, exec, huge libraries; under
uretprobes, too. Needs root."""
import contextlib
import os
import shutil
import struct
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import REQPROF, SERVERS, Recording, Server, all_functions, connection, cpu_of, cpu_total, fetch, functions, scratch
from tap import equal, main, none, ok, within

MS = 1_000_000
SETTLED = 400           # ms at work after which a library is known: what is mapped is read ten times a second
directory = scratch("plugins")


@contextlib.contextmanager
def tracing():
    """tracefs, mounted for the time if it is not there."""
    where = "/sys/kernel/tracing"
    mounted = not os.path.exists(f"{where}/uprobe_events")
    if mounted:
        where = scratch("tracing")
        subprocess.run(["mount", "-t", "tracefs", "nodev", where], check=True)
    try:
        yield where
    finally:
        if mounted:
            subprocess.run(["umount", where], check=True)


def build(name, out, *more):
    subprocess.run(["gcc", "-O2", "-fomit-frame-pointer", "-shared", "-fPIC", f"-DNAME={name}", "-o", f"{directory}/{out}", *more,
                    f"{SERVERS}/plugin.c"], check=True)


def without_sections(path):
    """As if the section headers had never been: a loader needs none."""
    with open(path, "r+b") as f:
        f.seek(40)
        f.write(struct.pack("<Q", 0))
        f.seek(60)
        f.write(struct.pack("<HH", 0, 0))


def server(wrapper=(), where=directory):
    return Server([*wrapper, "/usr/bin/python3", f"{SERVERS}/plugins.py", where])


def get(s, path, n=1):
    with connection(s.port) as c:
        for _ in range(n):
            status, _ = fetch(c, path)
            assert status == 200, (path, status)
            c.close()


def is_whole(report, stack):
    # Of an interpreter's own frames none is shown, down to its _start.
    return functions(report, stack)[-1] in ("_start", "clone3", "__libc_start_main", "__libc_start_main_impl")


def frames_in(report, stack, file):
    n = 0
    while stack >= 0:
        stack, frame = report["stacks"][stack]
        n += os.path.basename(report["frames"][frame]["module"] or "") == file
    return n


def whole(report, function):
    """Share of the CPU time in the function whose stacks reach the bottom with all its levels."""
    samples = report["samples"]
    level = function.replace("_leaf", "_level")
    inside = good = 0
    for stack, weight in zip(samples["stack"], samples["weight_ns"]):
        names = functions(report, stack) if stack >= 0 else []
        if function not in names:
            continue
        inside += weight
        good += weight * (is_whole(report, stack) and names.count(level) == 21)
    return good / inside if inside else 0


def check(report, name, what):
    none(contract.faults(report), f"{what}: the contract")
    within(cpu_of(report, f"{name}_leaf") / cpu_total(report), 1, 0.05, f"{what}: the time is in its function")
    equal(report["lost"]["stacks_truncated"], 0, f"{what}: no stack is truncated")
    equal(whole(report, f"{name}_leaf"), 1.0, f"{what}: all of its stacks are whole")


def comes_and_goes():
    """Libraries loaded while a request is recorded: what comes first may be cut short, not what comes later."""
    build("alpha", "alpha.so")
    build("beta", "beta.so")
    build("gamma", "gamma.so", "-s")
    without_sections(f"{directory}/gamma.so")
    s = server()
    with Recording("--pid", s.pid) as r:
        get(s, "/run/alpha.so/alpha/150?profile=1")
        get(s, "/run/alpha.so/alpha/40?profile=1")
        get(s, "/unload/alpha.so")
        shutil.copy(f"{directory}/beta.so", f"{directory}/new")
        os.rename(f"{directory}/new", f"{directory}/alpha.so")      # another file of that name, perhaps at that address
        get(s, f"/run/alpha.so/beta/{SETTLED}")
        get(s, "/run/alpha.so/beta/40?profile=1")
        get(s, f"/run/gamma.so/gamma/{SETTLED}")
        os.unlink(f"{directory}/gamma.so")
        get(s, "/run/gamma.so/gamma/150?profile=1")
        get(s, f"/memory/beta.so/beta/{SETTLED}")
        get(s, "/memory/beta.so/beta/40?profile=1")
        r.wait_reports(5)
    loaded, again, replaced, deleted, memory = r.json()
    none(contract.faults(loaded), "loaded by the request itself: the contract")
    ok(whole(loaded, "alpha_leaf") > 0.5, "loaded by the request itself: most of its stacks are whole", whole(loaded, "alpha_leaf"))
    check(again, "alpha", "a library that was loaded")
    check(replaced, "beta", "another in its place")
    equal([f for f in all_functions(replaced) if f.startswith("alpha_")], [], "another in its place: no name of the one before")
    equal(deleted["lost"]["stacks_truncated"], 0, "stripped, without sections, deleted: no stack is truncated")
    levels = {n: sum(w for w, x in zip(deleted["samples"]["weight_ns"], deleted["samples"]["stack"]) if frames_in(deleted, x, "gamma.so") == n)
              for n in range(64)}
    within(levels[23] / cpu_total(deleted), 1, 0.05, "stripped, without sections, deleted: its 20 levels are there")
    check(memory, "beta", "memory without a file")


def other_namespaces():
    """A library that only the target's mount namespace has."""
    build("delta", "delta.so")
    s = server(["unshare", "--mount", "sh", "-c", f"mkdir -p {directory}/own && mount -t tmpfs none {directory}/own && "
                                                  f"cp {directory}/delta.so {directory}/own && exec \"$@\"", "sh"], f"{directory}/own")
    with Recording("--pid", s.pid) as r:
        get(s, "/run/delta.so/delta/50")
        time.sleep(0.3)
        get(s, "/run/delta.so/delta/40?profile=1")
        r.wait_reports(1)
    check(r.json()[0], "delta", "mount namespace")
    ok(not os.path.exists(f"{directory}/own/delta.so"), "that file is not here")


def becomes_another():
    """exec: other code at other addresses, and the same process."""
    build("alpha", "alpha.so")
    s = server()
    with Recording("--pid", s.pid) as r:
        get(s, "/run/alpha.so/alpha/5?profile=1")
        get(s, "/exec")
        deadline = time.time() + 20
        while time.time() < deadline:
            try:
                get(s, "/run/alpha.so/alpha/100?profile=1")
                break
            except OSError:
                time.sleep(0.05)
        get(s, "/run/alpha.so/alpha/40?profile=1")
        r.wait_reports(3)
    check(r.json()[2], "alpha", "after exec")


def huge():
    """110 MB of library: neither attaching nor reports wait for its 820,000 rows."""
    s = server()
    get(s, "/llvm/10")
    with Recording("--pid", s.pid) as r:
        time.sleep(1)
        get(s, "/llvm/20000?profile=1")
        r.wait_reports(1)
    report = r.json()[0]
    none(contract.faults(report), "libLLVM: the contract")
    samples = report["samples"]
    inside = [x for x in samples["stack"] if x >= 0 and "LLVMParseIRInContext" in functions(report, x)]
    ok(len(inside) > 20, "libLLVM: it works in it", len(inside))
    none([functions(report, x) for x in inside if not is_whole(report, x)], "libLLVM: whole stacks")


def append(path, line):
    """To a file that cannot seek."""
    fd = os.open(path, os.O_WRONLY | os.O_APPEND)
    try:
        os.write(fd, line.encode())
    finally:
        os.close(fd)


def uretprobes():
    """Somebody else's uretprobes put the kernel's trampoline in place of return addresses: of 21 nested calls, and of one with two probes."""
    build("alpha", "alpha.so")
    symbols = dict((line.split()[2], int(line.split()[0], 16)) for line in
                   subprocess.run(["nm", f"{directory}/alpha.so"], check=True, capture_output=True, text=True).stdout.splitlines()
                   if len(line.split()) == 3)
    events = ["alpha_level", "alpha_work", "alpha_work"]
    with tracing() as where:
        names = [f"reqprof_test_{os.getpid()}_{i}" for i in range(len(events))]
        try:
            for name, function in zip(names, events):
                append(f"{where}/uprobe_events", f"r:uprobes/{name} {directory}/alpha.so:{symbols[function]:#x}\n")
                with open(f"{where}/events/uprobes/{name}/enable", "w", encoding="ascii") as f:
                    f.write("1")
            s = server()
            with Recording("--pid", s.pid) as r:
                get(s, f"/run/alpha.so/alpha/{SETTLED}")
                get(s, "/run/alpha.so/alpha/60?profile=1")
                r.wait_reports(1)
            s.stop()
        finally:
            for name in names:
                if os.path.exists(f"{where}/events/uprobes/{name}"):
                    with open(f"{where}/events/uprobes/{name}/enable", "w", encoding="ascii") as f:
                        f.write("0")
                    append(f"{where}/uprobe_events", f"-:uprobes/{name}\n")
    report = r.json()[0]
    check(report, "alpha", "uretprobes")
    equal([f for f in all_functions(report) if "[uprobes]" in f], [], "uretprobes: no trampoline is a frame")


ELF32 = """
.globl _start
_start: mov $29, %eax
        int $0x80
        jmp _start
"""


def not_64_bit():
    """A 32-bit program is refused, by name."""
    with open(f"{directory}/a.s", "w", encoding="ascii") as f:
        f.write(ELF32)
    subprocess.run(["as", "--32", "-o", f"{directory}/a.o", f"{directory}/a.s"], check=True)
    subprocess.run(["ld", "-m", "elf_i386", "-o", f"{directory}/a32", f"{directory}/a.o"], check=True)
    program = subprocess.Popen([f"{directory}/a32"])
    try:
        p = subprocess.run([REQPROF, "--pid", str(program.pid)], capture_output=True, text=True, timeout=60)
    finally:
        program.kill()
        program.wait()
    ok(p.returncode == 1 and f"cannot attach to {program.pid}: a32 is a 32-bit program" in p.stderr, "32 bits are refused", p.stderr)


main(comes_and_goes, other_namespaces, becomes_another, huge, uretprobes, not_64_bit)
