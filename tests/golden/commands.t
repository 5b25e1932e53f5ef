#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""report --merge and --redact, diff and check on profiles of the fixtures: what they print, what they refuse, and with which status."""
import base64
import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import zlib

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import contract
from tap import equal, main, none, ok

RENDER = os.environ.get("RENDER", f"{ROOT}/build/golden/render")
REQPROF = os.environ.get("REQPROF", f"{ROOT}/build/reqprof")
SCRATCH = tempfile.mkdtemp(prefix="reqprof-commands-")
FIXTURES = "orders shop ready loop coroutines upload hostile".split()


def run(*args, cwd=SCRATCH):
    p = subprocess.run([REQPROF, *args], capture_output=True, timeout=120, check=False, cwd=cwd, stdin=subprocess.DEVNULL)
    return p.returncode, p.stdout.decode(errors="surrogateescape"), p.stderr.decode(errors="replace")


def refused(args, message, status=1):
    code, out, err = run(*args)
    ok(code == status and message in err and err.count("\n") == 1 and err.startswith("reqprof: ") and out == "",
       f"{' '.join(args)}: {message}", f"exit {code}\n{out}{err}")


def write(name, *render):
    p = subprocess.run([RENDER, *render], capture_output=True, timeout=60, check=True)
    with open(f"{SCRATCH}/{name}", "wb") as f:
        f.write(p.stdout)


def prepare():
    """FIXTURE.rp of every fixture; a/ and b/ with several; bad ones."""
    for name in FIXTURES:
        write(f"{name}.rp", name, "rp")
    for side in ("five", "six", "six-slower", "mixed", "mixed-slower"):
        subprocess.run([RENDER, "side", side, f"{SCRATCH}/{side}"], check=True, timeout=60)
    os.mkdir(f"{SCRATCH}/empty")
    shutil.copytree(f"{SCRATCH}/six", f"{SCRATCH}/spoilt")
    with open(f"{SCRATCH}/orders.rp", "rb") as f:
        data = f.read()
    for where in ("cut.rp", "spoilt/zz.rp"):
        with open(f"{SCRATCH}/{where}", "wb") as f:
            f.write(data[:len(data) // 2])
    ok(len(os.listdir(f"{SCRATCH}/six")) == 6, "a directory of six requests", os.listdir(SCRATCH))


def document(*args):
    code, out, err = run("report", *args, "-f", "json")
    ok(code == 0 and err == "", f"report {' '.join(args)}", err)
    return json.loads(out)


# ---- merge -----------------------------------------------------------------------------------------------------------------


def merging():
    merged = document("--merge", "six")
    none(contract.faults(merged), "six requests as one keep the contract")
    parts = [document(f"six/{name}") for name in sorted(os.listdir(f"{SCRATCH}/six"))]
    walls = sorted(p["time"]["wall_ns"] for p in parts)
    equal(merged["time"]["wall_ns"], sum(walls), "their durations add up")
    none([c for c in contract.CLASSES if merged["time"]["classes_ns"][c] != sum(p["time"]["classes_ns"][c] for p in parts)],
         "so does every class of time, to the nanosecond")
    equal(len(merged["samples"]["t"]), sum(len(p["samples"]["t"]) for p in parts), "all samples are there")
    equal(len(merged["waits"]), sum(len(p["waits"]) for p in parts), "and all waits")
    equal([m["duration_ns"] for m in merged["merged"]], walls, "every request is named with its duration, the shortest first")
    median = [p for p in parts if p["time"]["wall_ns"] == walls[2]][0]
    equal(merged["request"]["id"], median["request"]["id"], "the median's id is shown")
    equal(len(merged["frames"]), len(median["frames"]), "functions that all of them ran are there once")
    text = run("report", "--merge", "six")[1]
    ok(re.search(rf"6 × GET /orders\n.*median [0-9.]+ ms.*merged from 6 requests.*\n?.*median, {median['request']['id']}", text, re.S),
       "and named in the text", text[:500])
    named = document("--merge", *[f"six/{name}" for name in sorted(os.listdir(f"{SCRATCH}/six"))], "six")
    equal(named, merged, "naming the same files one by one, and again by their directory, gives the same")
    code, _, err = run("report", "--merge", "six", "-o", "all.rp")
    ok(code == 0 and document("all.rp") == merged, "it can be kept as a profile", err)
    code, _, err = run("report", "--merge", "six", "-o", "all.html")
    ok(code == 0 and os.path.getsize(f"{SCRATCH}/all.html") > 50000, "and read as a page", err)


def merging_refused():
    refused(["report", "--merge", "mixed"], "cannot merge different routes: GET /orders (1), POST /cart/checkout (1), GET /ready (1)")
    refused(["report", "--merge", "six/absent.rp"], "cannot read six/absent.rp: No such file")
    refused(["report", "--merge", "cut.rp"], "cannot read cut.rp: ")
    refused(["report", "--merge", "spoilt"], "cannot read spoilt/zz.rp: ")
    refused(["report", "--merge", "empty"], "no reports in empty: ")
    refused(["report", "--merge", "all.rp", "orders.rp"], "one of them is merged already")
    refused(["report", "six"], "cannot read six: it is a directory; add --merge")
    refused(["report", "orders.rp", "shop.rp"], "unexpected argument shop.rp: one report at a time, or add --merge", 2)
    refused(["report", "--merge"], "which report?", 2)


# ---- redact ----------------------------------------------------------------------------------------------------------------


def secrets(report):
    """What of a report tells where it was made: none of it may be in a redacted one."""
    request, about = report["request"], report["about"]
    found = {about["host"], about["command"], request["trace_id"]}
    texts = [request["local"], request["remote"]] + [w["object"] for w in report["waits"]] + [w["object"] for w in report["awaits"]]
    for s in filter(None, texts):
        found |= {m[0] for m in re.finditer(r"\d+\.\d+\.\d+\.\d+|\[[0-9a-f:]+:[0-9a-f:]*\]|unix:.+", s)}
        if s.startswith("/"):
            found.add(os.path.dirname(os.path.dirname(s)) + "/")
    files = [f["file"] for f in report["frames"]] + [f["module"] for f in report["frames"]] + [e["path"] for e in about["executables"]]
    found |= {m[0] for m in (re.match(r"/[^/]+/", f) for f in files if f) if m}
    found |= {v for v in re.findall(r"=([^&]+)", request["target"].partition("?")[2]) if v not in ("1", "…")}
    return {s for s in found if s and s not in ("/", "unix:")}


def everything(name, fmt):
    """A redacted report as text, and what is packed in it."""
    code, _, err = run("report", name, "--redact", "-f", fmt, "-o", "shared")
    ok(code == 0 and err == "", f"{name}: redacted {fmt}", err)
    with open(f"{SCRATCH}/shared", "rb") as f:
        data = f.read()
    if data.startswith(b"\x1f\x8b"):
        data = gzip.decompress(data)
    for packed in re.findall(rb'data-encoding="deflate">([^<]*)<', data):
        data += zlib.decompress(base64.b64decode(packed))
    return data.decode(errors="replace")


def redacting():
    formats = sorted({line.split()[1] for line in subprocess.run([RENDER], capture_output=True, text=True, check=True).stdout.splitlines()})
    ok({"html", "json", "text", "folded"} <= set(formats), "in every format", formats)
    for name in FIXTURES:
        original = document(f"{name}.rp")
        hidden = secrets(original)
        ok(len(hidden) >= 3, f"{name}: there is something to hide", hidden)
        shown = document(f"{name}.rp", "--redact")
        none(contract.faults(shown), f"{name}: redacted it keeps the contract")
        for fmt in formats:
            out = everything(f"{name}.rp", fmt)
            none([s for s in hidden if s in out], f"{name}: nothing of it is in the redacted {fmt}")
        ok(shown["time"] == original["time"] and shown["samples"]["weight_ns"] == original["samples"]["weight_ns"],
           f"{name}: the times are the same")
        equal([f["function"] for f in shown["frames"]], [f["function"] for f in original["frames"]], f"{name}: and the functions")
        run("report", f"{name}.rp", "--redact", "-o", "share.rp")
        equal(document("share.rp"), shown, f"{name}: kept as a profile it is the same, and redacting is once and for all")
        equal(document("share.rp", "--redact")["threads"], shown["threads"], f"{name}: redacting it again finds nothing new")


def redacted_consistently():
    shown = document("orders.rp", "--redact")
    equal((shown["request"]["local"], shown["request"]["remote"]), ("peer-1:8000", "peer-1:40312"), "the same address has the same name")
    equal({w["object"] for w in shown["waits"] if w["cause"] == "network"}, {"peer-1:5432"}, "wherever it stands, with its port")
    equal({f["file"] for f in shown["frames"] if f["module"] == "app"}, {"app/views.py", "app/json.py", "app/db.py"},
          "files are named within their package")
    ok("…/dist-packages/fastapi/routing.py" in {f["file"] for f in shown["frames"]}, "installed ones can still be told from the program's own")
    ok(shown["about"]["redacted"] is True and "Redacted: the host name" in run("report", "orders.rp", "--redact", "-f", "html")[1],
       "the report says that it is redacted")
    equal(document("hostile.rp", "--redact")["request"]["target"].partition("?")[2], "q=…&profile=1", "query values are gone though they were kept")
    both = document("--merge", "--redact", "six")
    none([s for s in ("web1", "127.0.0.1", "/srv/") if s in json.dumps(both)], "several as one can be redacted")
    code, _, err = run("report", "orders.rp", "--redact", "-o", "share.html")
    ok(code == 0 and os.path.getsize(f"{SCRATCH}/share.html") > 50000, "share.html", err)


# ---- diff and check ----------------------------------------------------------------------------------------------------------


def differing():
    code, out, err = run("diff", "six", "six-slower")
    ok(code == 0 and err == "" and re.search(r"^slower by 3[0-9.]+ ± ", out, re.M), "directories: slower", out + err)
    listed = ",".join(f"six/{name}" for name in sorted(os.listdir(f"{SCRATCH}/six")))
    one_by_one = run("diff", listed, "six-slower")[1]
    equal(one_by_one[one_by_one.index("slower by"):], out[out.index("slower by"):], "the same named one by one")
    code, out, _ = run("diff", "five", "six")
    ok(code == 0 and "no difference beyond the spread" in out, "no difference is no failure", out)
    code, out, _ = run("diff", "mixed", "mixed-slower", "-f", "json")
    both = json.loads(out)
    equal([r["route"] for r in both["routes"]], ["GET /orders", "POST /cart/checkout"], "each route with its like")
    equal((both["only_a"], both["only_b"]), ("GET /ready (1)", "GET /basket (1)"), "what is in one of them only is named")
    code, out, _ = run("diff", "orders.rp", "shop.rp")
    ok(code == 0 and out.startswith("GET /orders → POST /cart/checkout\n"), "two routes that are named so are compared, and named", out)
    code, out, err = run("diff", "six", "six-slower", "-o", "diff.html")
    with open(f"{SCRATCH}/diff.html", encoding="utf-8") as f:
        page = f.read()
    ok(code == 0 and out == "" and "<svg" in page and "<script" not in page, "a page, without script", err)


def differing_refused():
    refused(["diff"], "compare what?", 2)
    refused(["diff", "six"], "compare what with it?", 2)
    refused(["diff", "six", "five", "five"], "two sides are compared", 2)
    refused(["diff", "six", "five", "-f", "folded"], "no such format of differences", 2)
    refused(["diff", "six", "five", "-o", "x.pdf"], "its ending names no format of differences", 2)
    refused(["diff", "six", "absent.rp"], "cannot read absent.rp: No such file")
    refused(["diff", "spoilt", "six"], "cannot read spoilt/zz.rp: ")
    refused(["diff", "empty", "six"], "no reports in empty: ")
    refused(["diff", "all.rp", "six"], "cannot compare all.rp: it is merged from 6 requests")
    refused(["diff", "mixed", "orders.rp,loop.rp", "-o", "/nowhere/x.html"], "cannot write /nowhere/x.html: ")
    refused(["diff", "mixed", "loop.rp,coroutines.rp"], "cannot compare: no route is in both; mixed has GET /orders (1), ")


def checking():
    code, out, err = run("check", "orders.rp", "wall<200ms", "cpu(serialize)>=113ms", "waits(127.0.0.1:5432).count<15", "unknown<1%")
    ok(code == 0 and err == "" and len(out.splitlines()) == 4 and all(line.startswith("ok ") for line in out.splitlines()), "all hold: 0", out + err)
    code, out, err = run("check", "orders.rp", "wall<100ms", "status==200", "cpu(serialise)<1ms", "network<10%")
    equal((code, err), (1, ""), "some do not: 1")
    equal([line.split()[0] for line in out.splitlines()], ["FAILED", "ok", "FAILED", "FAILED", "3"], "each is named")
    ok("wall<100ms: 183.4 ms" in out and "network<10%: 26.01 %" in out and "3 of 4 checks failed" in out, "with what was measured", out)
    ok("cpu(serialise)<1ms: no function serialise in its stacks; there is serialize" in out, "or why not, and what may be meant", out)
    code, out, err = run("check", "-q", "six", "orders.rp", "wall<185ms")
    ok(code == 1 and err == "" and len(out.splitlines()) == 4 and all(line.startswith("FAILED  six/") for line in out.splitlines()),
       "of several each must hold; -q prints what does not and nothing else", out + err)
    code, out, err = run("check", "-q", "six", "wall<1s")
    equal((code, out, err), (0, "", ""), "-q: silence if all do")


def checking_refused():
    refused(["check"], "which reports?", 2)
    refused(["check", "orders.rp"], "check what of orders.rp?", 2)
    refused(["check", "orders.rp", "wall<200"], "wall<200: a time needs a unit", 2)
    refused(["check", "absent.rp", "wal<1ms"], "wal<1ms: no such measure; there are: wall cpu", 2)
    refused(["check", "absent.rp", "wall<1ms"], "cannot read absent.rp: No such file")
    refused(["check", "cut.rp", "wall<1ms"], "cannot read cut.rp: ")
    refused(["check", "empty", "wall<1ms"], "no reports in empty: ")
    refused(["check", "all.rp", "wall<1ms"], "cannot check all.rp: it is merged from 6 requests; name those")


try:
    main(prepare, merging, merging_refused, redacting, redacted_consistently, differing, differing_refused, checking, checking_refused)
finally:
    shutil.rmtree(SCRATCH)
