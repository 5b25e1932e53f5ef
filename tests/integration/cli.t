#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The command line before anything is attached: usage errors, exit statuses, bad targets, output directories, help. Needs root."""
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
REQPROF = os.environ.get("REQPROF", f"{ROOT}/build/reqprof")
NOBODY = 65534
COMMANDS = "record report list serve diff check doctor".split()
count = failed = 0


def ok(good, name, detail=""):
    global count, failed
    count += 1
    print(f"{'ok' if good else 'not ok'} {count} - {name}", flush=True)
    if not good:
        failed += 1
        print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)


def run(*args, user=None, env=None, cwd=None, timeout=60):
    """A finished run of the program, as root or as another user."""
    become = {"user": user, "group": user, "extra_groups": []} if user else {}
    clean = {k: v for k, v in os.environ.items() if k not in ("SUDO_UID", "SUDO_GID", "PKEXEC_UID", "DOAS_USER")}
    return subprocess.run([REQPROF, *args], capture_output=True, text=True, stdin=subprocess.DEVNULL, timeout=timeout,
                          env=clean | (env or {}), cwd=cwd, **become)


def refused(name, args, message, status=2, **how):
    """It exits with `status` and says `message` in one line."""
    p = run(*args, **how)
    good = p.returncode == status and message in p.stderr and p.stdout == ""
    good = good and p.stderr.startswith("reqprof") and len(p.stderr.splitlines()) == (2 if "Try `" in p.stderr else 1)
    ok(good, f"{name}: {message}", f"{args}: exit {p.returncode}\n{p.stdout}{p.stderr}")


def usage_errors():
    target = ["--pid", "1"]
    for name, args, message in [
        ("unknown command", ["frobnicate"], "unknown command frobnicate"),
        ("a bare pid", ["4242"], "did you mean --pid 4242?"),
        ("a bare pid after record", ["record", "4242"], "did you mean --pid 4242?"),
        ("unknown option", ["--frobnicate"], "unrecognized option"),
        ("missing argument", ["--pid"], "requires an argument"),
        ("no pid", ["--pid", "abc"], "--pid abc: not a process id"),
        ("pid and port", ["--pid", "1", "--port", "80"], "--pid and --port: give one of them"),
        ("no port", ["--port", "0"], "--port 0: not a port, 1 to 65535"),
        ("two ports", ["--port", "1", "--port", "2"], "only one port"),
        ("marker without value", target + ["-m", "profile"], "--marker profile: a marker needs a value"),
        ("marker without name", target + ["-m", "=1"], "a marker needs a name"),
        ("bare interval", target + ["-i", "1"], "unit (us, ms or s)"),
        ("interval out of range", target + ["-i", "10us"], "from 100us to 1s"),
        ("interval and rate", target + ["-i", "1ms", "-F", "99"], "--interval and --rate say the same"),
        ("bad rate", target + ["-F", "0"], "from 1 to 10000"),
        ("bad count", target + ["-n", "0"], "--count 0: not a number"),
        ("bad duration", target + ["-d", "soon"], "--duration soon: not a time"),
        ("bad max-live", target + ["--max-live", "65"], "from 1 to 64"),
        ("bad max-rate", target + ["--max-rate", "60"], "for example 60/m"),
        ("bad max-time", target + ["--max-time", "x"], "--max-time x: not a time"),
        ("unknown format", target + ["-f", "pdf"], "--format pdf: no such format; there are "),
        ("one file, many reports", target + ["-o", "x.html"], "add -n 1"),
        ("file against format", target + ["-n", "1", "-o", "x.html", "-f", "json"], "the ending says html, --format says json"),
        ("report of nothing", ["report"], "which report?"),
        ("two reports", ["report", "last", "last"], "one report at a time"),
        ("report format", ["report", "last", "-f", "pdf"], "no such format"),
        ("report ending", ["report", "last", "-o", "x.doc"], "its ending names no format"),
        ("one side", ["diff", "last"], "compare what with it?"),
        ("nothing to check", ["check", "last"], "check what of last?"),
        ("check without unit", ["check", "last", "wall<200"], "a time needs a unit"),
        ("two directories", ["list", "a", "b"], "one directory at a time"),
        ("where to serve", target + ["--serve=somewhere"], "--serve=somewhere: not an address and port, for example 127.0.0.1:7777"),
        ("serving one file", target + ["--serve", "-n", "1", "-o", "x.html"], "--serve: it shows a directory of reports"),
        ("where to listen", ["serve", "--listen", "1.2.3.4:x"], "--listen 1.2.3.4:x: not an address and port"),
        ("two directories to serve", ["serve", "a", "b"], "one directory at a time"),
        ("doctor argument", ["doctor", "4242"], "unexpected argument 4242"),
    ]:
        refused(name, args, message)


def not_yet():
    target = ["--pid", "1"]
    for args in [["--comm", "x"], ["--cgroup", "/"], ["-a"], ["--all"], target + ["--slower-than", "1s"], target + ["--status", "5xx"],
                 target + ["--sample", "1/1000"], target + ["-m", "header:a=b"], target + ["-m", "cookie:a=b"],
                 ["record", "--", "sleep", "1"]]:
        refused(" ".join(args), args, "not yet in this release")


def bad_targets():
    ended = subprocess.Popen(["true"])
    ended.wait()
    zombie = subprocess.Popen(["true"])
    os.waitid(os.P_PID, zombie.pid, os.WEXITED | os.WNOWAIT)
    refused("gone", ["--pid", str(ended.pid)], f"cannot attach to {ended.pid}: no such process", status=1)
    refused("ended", ["--pid", str(zombie.pid)], f"cannot attach to {zombie.pid}: it has ended", status=1)
    zombie.wait()
    kernel = [p for p in os.listdir("/proc") if p.isdigit() and stat_flags(p) & 0x00200000]
    if kernel:
        refused("kernel thread", ["--pid", kernel[0]], f"cannot attach to {kernel[0]}: it is a kernel thread", status=1)
    else:
        print("# no kernel threads can be seen in this PID namespace: tests/unit/test_pids.c has the rule")
    refused("doctor of nobody", ["doctor", "--pid", str(ended.pid)], "no such process", status=1)
    sleeper = subprocess.Popen(["sleep", "1000"], user=NOBODY)
    refused("not root", ["--pid", str(sleeper.pid)], "recording needs root: run it with sudo", status=1, user=NOBODY)
    p = subprocess.run(["setpriv", "--inh-caps=-bpf", "--bounding-set=-bpf", REQPROF, "--pid", str(sleeper.pid)],
                       capture_output=True, text=True)
    ok(p.returncode == 1 and "needs the capability bpf" in p.stderr, "root without a capability", p.stderr)
    p = run("doctor", "--pid", str(os.getpid()))
    ok("ok  64-bit: x86-64" in p.stdout and p.returncode == 0, "doctor of a process", p.stdout + p.stderr)
    p = run("doctor", user=NOBODY)
    ok("sudo reqprof doctor" in p.stdout, "doctor tells who is not root so", p.stdout + p.stderr)
    sleeper.kill()
    sleeper.wait()


def stat_flags(pid):
    try:
        with open(f"/proc/{pid}/stat", encoding="latin-1") as f:
            return int(f.read().rpartition(")")[2].split()[6])
    except OSError:
        return 0


def bad_outputs(scratch):
    pid = str(os.getpid())
    sudo = {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)}
    os.mkdir(f"{scratch}/roots", 0o755)
    with open(f"{scratch}/file", "w", encoding="utf-8") as f:
        f.write("mine")
    for name, output, env, message in [
        ("a file", "file", {}, "cannot write reports into file: it is not a directory"),
        ("in a file", "file/x", {}, "it is not a directory"),
        ("nowhere", "absent/x", {}, "No such file or directory"),
        ("not the user's", "roots", sudo, "cannot write reports into roots: Permission denied for nobody"),
        ("not the user's to make", "roots/new", sudo, "Permission denied for nobody"),
        ("not the user's to overwrite", "roots/x.html", sudo, "Permission denied for nobody"),
    ]:
        refused(f"output {name}", ["--pid", pid, "-o", output, "-n", "1"], message, status=1, env=env, cwd=scratch)
    ok(os.listdir(f"{scratch}/roots") == [], "and nothing was made", os.listdir(f"{scratch}/roots"))
    os.mkdir(f"{scratch}/others", 0o700)
    os.chown(f"{scratch}/others", NOBODY, NOBODY)
    refused("output that only root's privileges reach", ["--pid", pid, "-o", "others"], "Permission denied for root, as the worker has no",
            status=1, cwd=scratch)
    refused("nonsense in SUDO_UID", ["--pid", pid], "SUDO_UID=x names no user", status=1, env={"SUDO_UID": "x"}, cwd=scratch)


def listing():
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        s.listen()
        port = s.getsockname()[1]
        p = run()
        row = re.search(rf"^ *{os.getpid()} +\S+ +CPython \S+ +1 +.*127\.0\.0\.1:{port}\b", p.stderr, re.M)
        ok(p.returncode == 2 and row, "no target: a listening process is listed", p.stderr)
        ok(re.search(r"^For example:  sudo reqprof --pid \d+$", p.stderr, re.M), "with a command to paste", p.stderr)
        child = os.fork()
        if not child:
            signal.pause()
        p = run("record")
        ok(re.search(rf"^ *{os.getpid()} +\S+ +CPython \S+ +2 +", p.stderr, re.M) and not re.search(rf"^ *{child} ", p.stderr, re.M),
           "a child that may serve as well is counted with its parent", p.stderr)
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    p = run(user=NOBODY)
    ok(p.returncode == 2 and "sudo reqprof shows all" in p.stderr, "who is not root is told so", p.stderr)


def long_options(text):
    return set(re.findall(r"(?<![-\w])--([a-z][a-z-]+)", text))


def agreement():
    with open(f"{ROOT}/user/dist/reqprof.1", encoding="utf-8") as f:
        man = f.read()
    with open(f"{ROOT}/user/dist/reqprof.bash", encoding="utf-8") as f:
        completion = f.read()
    in_help = set()
    for command in [[], *([c] for c in COMMANDS)]:
        p = run(*command, "--help")
        ok(p.returncode == 0 and p.stderr == "" and p.stdout.startswith("Usage: " + " ".join(["reqprof", *command])),
           f"help of {' '.join(command) or 'reqprof'}", p.stdout + p.stderr)
        in_help |= {o for line in p.stdout.splitlines() if line.startswith("  ") for o in re.findall(r"^  (?:-., |    )--([a-z-]+)", line)}
    in_man = set(re.findall(r"Fl -([a-z-]+)", man))
    ok(len(in_help) > 15 and in_help == in_man, "help and man page have the same options", in_help ^ in_man)
    known = long_options(completion)
    ok(in_help == known, "help and completion have the same options", in_help ^ known)
    text = run("--help").stdout
    for name in COMMANDS:
        ok(re.search(rf"^  {name} ", text, re.M) and f".It Cm {name}\n" in man and re.search(rf"\b{name}\b", completion),
           f"{name} is in help, man page and completion")
    shorts = set(re.findall(r"^  -(\w),", text, re.M))
    ok(shorts <= set(re.findall(r"Fl (\w) ,", man)), "so are the short options", shorts)
    version = run("--version")
    ok(version.returncode == 0 and re.fullmatch(r"reqprof \d+\.\d+\.\d+\n", version.stdout), "version", version.stdout)
    p = subprocess.run(["groff", "-mdoc", "-wall", "-z", f"{ROOT}/user/dist/reqprof.1"], capture_output=True, text=True)
    ok(p.returncode == 0 and p.stderr == "", "the man page has no faults", p.stderr)


def complete(*words):
    script = f"source {ROOT}/user/dist/reqprof.bash\n"
    script += "COMP_WORDS=(\"$@\"); COMP_CWORD=$(($# - 1)); _reqprof; printf '%s\\n' \"${COMPREPLY[@]}\""
    return subprocess.run(["bash", "-c", script, "bash", *words], capture_output=True, text=True, cwd="/").stdout.split()


def completion():
    ok(set(COMMANDS) <= set(complete("reqprof", "")), "completion of commands", complete("reqprof", ""))
    ok(complete("reqprof", "record", "--max-r") == ["--max-rate"], "completion of options", complete("reqprof", "record", "--max-r"))
    ok(complete("reqprof", "report", "last", "-f", "j") == ["json"], "completion of formats")
    ok(complete("reqprof", "report", "--red") == ["--redact"] and complete("reqprof", "check", "--qu") == ["--quiet"],
       "completion of options of report and check")
    ok("etc" in complete("reqprof", "diff", "et"), "diff takes directories", complete("reqprof", "diff", "et"))
    ok(str(os.getpid()) in complete("reqprof", "--pid", str(os.getpid())[:1]), "completion of pids")
    ok("--marker" not in complete("reqprof", "list", "--"), "list has no marker")


def reading(scratch):
    where = f"{scratch}/reports"
    os.mkdir(where)
    p = run("list", where)
    ok(p.returncode == 0 and "no reports in" in p.stderr, "an empty list", p.stderr)
    refused("list of nothing", ["list", f"{scratch}/absent"], "cannot read", status=1)
    refused("serving nothing", ["serve", f"{scratch}/absent"], "No such file or directory", status=1)
    refused("last of nothing", ["report", "last"], "no report at all in .", status=1, cwd=where)
    refused("an id that is not there", ["report", "abcdef"], "no report abcdef in .", status=1, cwd=where)
    refused("a file that is not there", ["report", "x.rp"], "cannot read x.rp: No such file", status=1, cwd=where)
    for name, data in [("empty", b""), ("foreign", b"\x7fELF" + bytes(100)), ("short", b"reqprof\0"),
                       ("damaged", b"reqprof\0\1\0\0\0" + bytes(50))]:
        with open(f"{where}/20261123T120107.114-GET-{name}-200-1ms-00000{len(name)}.rp", "wb") as f:
            f.write(data)
        refused(f"an {name} profile", ["report", f"00000{len(name)}"], "cannot read ./2026", status=1, cwd=where)
    p = run("list", where)
    ok(p.returncode == 1 and len(p.stderr.splitlines()) == 4, "the list names the unreadable ones and goes on", p.stdout + p.stderr)


LISTENER = "import socket, signal; s = socket.create_server(('127.0.0.1', 0)); print('ready', flush=True); signal.pause()"


def read(path):
    with open(path, encoding="utf-8") as f:
        return f.read()


def start_recording(pid, scratch):
    """Attach on behalf of nobody, with a secret marker. Returns the process, armed, and the path of what it prints."""
    env = os.environ | {"SUDO_UID": str(NOBODY), "SUDO_GID": str(NOBODY)}
    with open(f"{scratch}/printed", "w", encoding="utf-8") as printed:
        p = subprocess.Popen([REQPROF, "--pid", str(pid), "-m", "token=s3cret", "-d", "30"], env=env, cwd=scratch,
                             stdout=printed, stderr=printed)
    end = time.monotonic() + 20
    while "curl" not in read(printed.name) and p.poll() is None and time.monotonic() < end:
        time.sleep(0.05)
    return p, printed.name


def two_processes(scratch):
    """A secret marker is not in /proc/PID/cmdline, and the worker is the user's, without capabilities."""
    server = subprocess.Popen(["/usr/bin/python3", "-c", LISTENER], stdout=subprocess.PIPE, text=True)
    server.stdout.readline()
    os.chown(scratch, NOBODY, NOBODY)
    p, printed = start_recording(server.pid, scratch)
    children = read(f"/proc/{p.pid}/task/{p.pid}/children").split()
    cmdlines = [read(f"/proc/{pid}/cmdline") for pid in [p.pid, *children]]
    ok(len(children) == 1 and all("token=******" in c and "s3cret" not in c for c in cmdlines),
       "the secret is not in the list of processes", cmdlines)
    status = read(f"/proc/{children[0]}/status") if children else ""
    ids = "\t".join([str(NOBODY)] * 4)
    ok(f"Uid:\t{ids}\n" in status and f"Gid:\t{ids}\n" in status and "Groups:\t \n" in status,
       "the worker is the user behind sudo", status)
    ok(all(f"{c}:\t0000000000000000\n" in status for c in ("CapPrm", "CapEff", "CapBnd", "CapInh", "CapAmb")),
       "without capabilities", status)
    ok("NoNewPrivs:\t1\n" in status, "and cannot gain any", status)
    kept = sum(1 << bit for bit in (2, 19, 34, 38, 40))  # DAC_READ_SEARCH, SYS_PTRACE, SYSLOG, PERFMON, CHECKPOINT_RESTORE
    tracer = {int(tid): read(f"/proc/{p.pid}/task/{tid}/status") for tid in os.listdir(f"/proc/{p.pid}/task")}
    main_thread = tracer.pop(p.pid)
    ok(tracer and all(f"CapEff:\t{kept:016x}\n" in s for s in tracer.values()), "every thread of the tracer has kept five", tracer)
    ok(f"CapEff:\t{kept | 1 << 39:016x}\n" in main_thread, "and the one that makes maps BPF", main_thread)
    p.send_signal(signal.SIGINT)
    p.wait(timeout=60)
    seen = read(printed)
    ok(p.returncode == 0, "^C ends it with 0", f"{p.returncode}\n{seen}")
    ok("token=…" in seen and "s3cret" not in seen, "the secret is not in what is printed", seen)
    where = os.stat(f"{scratch}/reqprof-reports")
    ok(where.st_uid == NOBODY and where.st_gid == NOBODY and where.st_mode & 0o7777 == 0o700, "the directory is the user's alone", where)
    ignore = os.stat(f"{scratch}/reqprof-reports/.gitignore")
    ok(ignore.st_uid == NOBODY and ignore.st_mode & 0o7777 == 0o600, "with its .gitignore", ignore)
    server.kill()
    server.wait()


def main():
    if os.geteuid():
        print("Bail out! needs root: sudo make test")
        return 1
    scratch = tempfile.mkdtemp(prefix="reqprof-cli-")
    os.chmod(scratch, 0o755)
    try:
        usage_errors()
        not_yet()
        bad_targets()
        bad_outputs(scratch)
        listing()
        agreement()
        completion()
        reading(scratch)
        two_processes(scratch)
    finally:
        shutil.rmtree(scratch)
    print(f"1..{count}")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
