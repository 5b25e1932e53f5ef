#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Requests that only a function shows: --handler with what C, C++ and Rust programs have, ends of all kinds, what cannot be probed. Needs root."""
import os
import shutil
import subprocess
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))
import contract
from harness import BUILD, REQPROF, Recording, cpu_of, cpu_total, scratch, start, wait_until
from tap import equal, main, measured, none, ok, within

BINARIES = f"{BUILD}/tests/servers"


class Program:
    """One of tests/servers/handler*: it is asked through a pipe."""

    def __init__(self, name="handler", path=None, arguments=()):
        self.process = start([path or f"{BINARIES}/{name}", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.pid = self.process.pid
        self.ask("/warm")

    def ask(self, *paths):
        answers = []
        for path in paths:
            self.process.stdin.write(path + "\n")
            self.process.stdin.flush()
            answers.append(int(self.process.stdout.readline()))
        return answers

    def stop(self):
        self.process.stdin.close()
        self.process.wait(10)


recordings = []


def recorded(spec, *paths, name="handler", n=None, options=(), path=None):
    """The reports of what is asked of a program."""
    program = Program(name, path)
    with Recording("--pid", program.pid, "--handler", spec, options=options, ready=r"^handler ") as r:
        wait_until(lambda: r.log.find(r"listens on no socket"), "attached")
        program.ask(*paths)
        r.wait_reports(len(paths) if n is None else n)
    program.stop()
    recordings.append(r)
    return r.json()


def told(report):
    q = report["request"]
    return q["method"], q["target"], q["status"], q["end"]


def expressions():
    path = "/cpu:1?profile=1"
    whole = ("ASK", path, 207, "seen")
    for spec in ("serve,url=arg1->line.data:arg1->line.len,method=arg1->method,status=arg1->status",
                 "serve,url=arg1->line,method=arg1->method,status=arg1->status",
                 "serve,url=arg1->place[1].uri,method=arg1->method,status=arg1->status",
                 "serve,url=arg1->name,method=arg1->method,status=(*arg1).status",
                 "serve@handler,url=arg1->place[1].view.data,method=*(arg1+120),status=arg1->status"):
        equal([told(r) for r in recorded(spec, path)], [whole], spec)
    equal([told(r) for r in recorded("serve,url=arg1->line,status=ret", path)], [(None, path, 203, "seen")], "status=ret, no method")
    reports = recorded("serve", "/a", "/b", "/c")
    equal([told(r) for r in reports], [(None, None, None, "seen")] * 3, "without url every call is reported")
    none([f for r in reports for f in contract.faults(r)], "they keep the contract")
    equal([r["request"]["source"] for r in reports], ["handler"] * 3, "source")


def markers():
    reports = recorded("serve,url=arg1->line", "/a", "/b?profile=1", "/c?x=profile=1", "/d?a=b&profile=1&secret=x", n=2)
    equal([r["request"]["target"] for r in reports], ["/b?profile=1", "/d?a=…&profile=1&secret=…"], "with url the marker decides, values are masked")
    reports = recorded("serve,url=arg1->line,method=arg1->method", "/a/x", "/b/y", options=("-m", "path:ASK /b*"), n=1)
    equal([r["request"]["target"] for r in reports], ["/b/y"], "path markers")


def ends():
    spec = "serve,url=arg1->line,status=arg1->status"
    nested = recorded(spec, "/nested/cpu:2?profile=1")
    equal([told(r)[1:] for r in nested], [("/nested/cpu:2?profile=1", 207, "seen")], "a call from within is part of the outermost one")
    left = recorded(spec, "/jump/cpu:20?profile=1", "/cpu:20?profile=1", "/jump/cpu:20?profile=1")
    jump = ("/jump/cpu:20?profile=1", "inferred")
    equal([told(r)[1::2] for r in left], [jump, ("/cpu:20?profile=1", "seen"), jump],
          "left by longjmp: it ends when that shows")
    for r in left:
        within(cpu_total(r) / 1e6, 20, 2, "… and not much later")
    for how in "exit", "cancel":
        path = f"/{how}/cpu:5?profile=1"
        equal([told(r)[1::2] for r in recorded(spec, path)], [(path, "inferred")], f"its thread ends inside: {how}")
    thrown = recorded("app::Server<int, char const*>::handle,url=arg2->url", "/throw/?profile=1", "/a?profile=1", name="handler-cxx")
    equal([told(r)[1::2] for r in thrown], [("/throw/?profile=1", "inferred"), ("/a?profile=1", "seen")], "left by an exception")
    both = recorded("begin_request,url=arg1->line,status=arg1->status,end=end_request", "/ends/cpu:40/sleep:20?profile=1")
    equal([told(r)[1:] for r in both], [("/ends/cpu:40/sleep:20?profile=1", 208, "seen")], "another function is the end")
    within(cpu_of(both[0], "compute") / 1e6, 40, 0.8, "… of all that is in between: what is computed")
    measured(recordings[-1].sleeps(both[0], 20e6), "… and slept", both[0]["time"])


def work():
    for name in "handler", "handler-cfi":
        report = recorded("serve,url=arg1->line", "/cpu:80/sleep:40?profile=1", name=name)[0]
        time = report["time"]
        within(cpu_of(report, "compute") / 80e6 * 100, 100, 2, f"{name}: what it computes, by its own clock")
        measured(recordings[-1].sleeps(report, 40e6), f"{name}: and its sleep", time)
        equal((time["ambiguous_ns"], report["about"]["bound"][1:]), (0, [0, 0, 0]), f"{name}: all of it is the thread's that was called")


def languages():
    path = "/abc?profile=1"
    cases = (("app::Server<int, char const*>::handle,url=arg2->url,status=ret", "handler-cxx", path, 204),
             ("_ZN3app6ServerIiPKcE6handleERKNS_4LineES2_,url=arg2->url,method=arg3,status=ret", "handler-cxx", path, 204),
             ("app::Server<int, char const*>::view,url=arg2,status=ret", "handler-cxx", "/view?profile=1", 206),
             ("app::tail,url=arg1->url,status=ret", "handler-cxx", "/tail?profile=1", 211),
             ("handler::by_str,url=arg1,status=ret", "handler-rust", "/str?profile=1", 209),
             ("handler::by_string,url=arg1->path,status=ret", "handler-rust", path, 210))
    for spec, name, asked, status in cases:
        equal([told(r)[1:] for r in recorded(spec, asked, name=name)], [(asked, status, "seen")], f"{name}: {spec}")


def stripped():
    where = f"{scratch('stripped')}/app"
    shutil.copy(f"{BINARIES}/handler", where)
    listed = subprocess.run(["nm", where], capture_output=True, text=True, check=True).stdout
    address = int(next(line.split()[0] for line in listed.splitlines() if line.endswith(" T serve")), 16)
    subprocess.run(["strip", where], check=True)
    reports = recorded(f"app+0x{address:x},url=*(arg1+112):*(arg1+104),status=ret", "/a?profile=1", path=where)
    equal([told(r)[1:] for r in reports], [("/a?profile=1", 203, "seen")], "without symbols: BINARY+0xADDRESS and offsets")
    refused("serve,url=arg1", "no such function", path=where)
    refused(f"app+0x{address:x},url=arg1->line", "no debug information", path=where)


def replaced():
    """Another file has the name of the one that runs: that is the one that is probed."""
    where = f"{scratch('replaced')}/app"
    shutil.copy(f"{BINARIES}/handler", where)
    program = Program(path=where)
    shutil.copy(f"{BINARIES}/handler-cxx", f"{where}.new")
    os.rename(f"{where}.new", where)
    with Recording("--pid", program.pid, "--handler", "serve,url=arg1->line,status=ret", ready=r"listens on no socket") as r:
        program.ask("/a?profile=1")
        r.wait_reports(1)
    program.stop()
    equal([told(r)[1:] for r in r.json()], [("/a?profile=1", 203, "seen")], "a file that was replaced on disk")


def separate():
    """Debug information in a file of its own."""
    where = scratch("separate")
    app = f"{where}/app"
    shutil.copy(f"{BINARIES}/handler", app)
    subprocess.run(["objcopy", "--only-keep-debug", app, f"{app}.debug"], check=True)
    subprocess.run(["objcopy", "--strip-all", f"--add-gnu-debuglink={app}.debug", app], check=True)
    reports = recorded("serve,url=arg1->line,method=arg1->method,status=arg1->status", "/a?profile=1", path=app)
    equal([told(r) for r in reports], [("ASK", "/a?profile=1", 207, "seen")], "members by a separate debug file")


PROGRAM_32 = """
    .globl _start, serve
    .type serve, @function
_start: mov $29, %eax # pause
    int $0x80
    jmp _start
serve: ret
    .size serve, . - serve
"""


def narrow():
    source = f"{scratch('narrow')}/narrow.S"
    with open(source, "w", encoding="ascii") as f:
        f.write(PROGRAM_32)
    subprocess.run(["gcc", "-m32", "-nostdlib", "-static", "-o", source[:-2], source], check=True)
    process = start([source[:-2]])
    p = subprocess.run([REQPROF, "--pid", str(process.pid), "--handler", "serve"], capture_output=True, text=True, timeout=60, check=False)
    process.kill()
    process.wait()
    ok(p.returncode == 1 and "is a 32-bit program" in p.stderr, "a 32-bit program is refused", p.stderr)


def refused(spec, why, path=None, options=(), status=1, name="handler"):
    program = Program(name, path)
    p = subprocess.run([REQPROF, "--pid", str(program.pid), "--handler", spec, *options], capture_output=True, text=True, timeout=60, check=False)
    program.stop()
    said = [line for line in p.stderr.splitlines() if "--handler" in line]
    ok(p.returncode == status and len(said) == 1 and why in said[0], f"refused: {spec}: {why}", p.stderr)


def refusals():
    refused("absent", "absent: no such function in its executable and libraries")
    refused("serve@libc.so.6", "serve: no such function in libc.so.6")
    refused("starts", "inlined wherever it is called")
    refused("serve,url=arg1->uri", "request has no member uri")
    refused("serve,url=arg1->status", "neither a string nor a pointer to one")
    refused("serve,url=arg6->x", "no debug information about it")
    refused("nginx", "this is not nginx")
    refused("apart,url=arg1->line", "the compiler has made apart.constprop.0 of it")
    refused("app::twice", "there are 2 functions of this name; name one of them: handler-cxx+0x", name="handler-cxx")
    refused("serve", "say where it is with url=", options=("-m", "a=b"), status=2)
    refused("serve,url=arg9", "must begin with arg1 to arg6 or ret", status=2)


def faults():
    """An URL that cannot be read is none, and counted."""
    program = Program()
    with Recording("--pid", program.pid, "--handler", "serve,url=*(arg1+8)", ready=r"listens on no socket") as r:
        program.ask("/a?profile=1", "/b?profile=1")
    ok(program.process.poll() is None, "the program is unharmed")
    program.stop()
    equal(r.json(), [], "no report")
    ok(r.log.find(r"2 calls: of a handler whose URL could not be read"), "it is said", r.log.text)


def confined():
    """Under a seccomp filter: recorded, or refused where the kernel would end it; it lives on."""
    program = Program(arguments=("confined",))
    p = subprocess.Popen([REQPROF, "--pid", str(program.pid), "--handler", "serve,url=arg1->line", "-o", scratch("reports"), "-n", "1", "-d", "5"],
                         stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    while p.poll() is None:
        program.ask("/a?profile=1")
    _, log = p.communicate()
    ok((p.returncode == 0) != ("seccomp" in log), "under a seccomp filter: recorded, or refused with the reason", log)
    equal(program.ask("/b?profile=1"), [207], "it lives on")
    program.stop()


def gone():
    """Nothing stays in the program, whatever ended the recording."""
    program = Program()
    for how in 2, 9:
        with Recording("--pid", program.pid, "--handler", "serve,url=arg1->line", ready=r"listens on no socket") as r:
            equal(program.ask("/a?profile=1"), [207], "recorded")
            r.process.send_signal(how)
            r.process.wait(30)
        equal(program.ask("/b?profile=1", "/jump/", "/nested/x"), [207] * 3, f"after signal {how}: it works as before")
    program.stop()


def costs():
    """What a call costs is measured where it is attached, said, and part of the report's."""
    said = {}
    for name, spec in (("handler", "serve,url=arg1->line"), ("handler-cxx", "app::Server<int, char const*>::handle,url=arg2->url")):
        program = Program(name)
        with Recording("--pid", program.pid, "--handler", spec, options=("-v",), ready=r"listens on no socket") as r:
            line = r.log.find(r"^handler .* probed in 1 process, ([\d.]+) us a call \(measured\)$")
            ok(line, f"{name}: what a call costs is said", r.log.lines)
            program.ask("/cpu:1?profile=1")
            r.wait_reports(1)
        program.stop()
        said[name] = float(line[1])
        ok(said[name] * 1000 < r.json()[0]["about"]["overhead_ns"], f"{name}: it is part of what recording has cost", r.json()[0]["about"])
        ok(r.log.find(r"^1 report written, 1 request seen"), f"{name}: what was tried is no request", r.log.lines[-3:])
    ok(0.2 < said["handler"] and 2 * said["handler"] < said["handler-cxx"], "an instruction that is stepped over costs more", said)


main(costs, expressions, markers, ends, work, languages, stripped, replaced, separate, refusals, narrow, faults, confined, gone)
