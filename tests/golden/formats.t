#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Every fixture in every format, byte for byte against tests/golden/FIXTURE.ENDING; `formats.t --update` writes those files anew.

The page's style and script are not part of its golden file: in their place stands the name of what must stand there, and the same for
their hashes in the policy, once this test has computed them itself.
"""
import base64
import difflib
import glob
import gzip
import hashlib
import json
import os
import re
import subprocess
import sys
from html.parser import HTMLParser

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
import contract
from tap import equal, main, none, ok

RENDER = os.environ.get("RENDER", f"{ROOT}/build/golden/render")
HTML = f"{ROOT}/user/html"
MAX_COLUMNS = 100


def render(*args, stdin=None):
    p = subprocess.run([RENDER, *args], input=stdin, capture_output=True, timeout=120, check=False)
    if p.returncode:
        raise RuntimeError(f"render {args}: {p.stderr.decode(errors='replace')}")
    return p.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def cases():
    return [line.split() for line in render().decode().splitlines()]


def embedded(asset):
    """What embed.S puts between an asset's symbols."""
    part = read(f"{HTML}/embed.S").decode().split(f"\nasset_{asset}:\n")[1].split(f"asset_{asset}_end:")[0]
    return b"".join(read(f"{HTML}/{name}") for name in re.findall(r'\.incbin "([^"]+)"', part))


def policy_hash(content):
    return b"'sha256-" + base64.b64encode(hashlib.sha256(content).digest()) + b"'"


def without_assets(page):
    """The page with the names of its assets instead of themselves."""
    for name, content in ((b"*.css", embedded("style") + embedded("views")), (b"report/*.js", embedded("script"))):
        page = page.replace(content, b"[" + name + b"]").replace(policy_hash(content), b"[hash of " + name + b"]")
    widths = re.findall(rb"<style>(#part-.*?|)</style>", page)
    return page.replace(policy_hash(widths[-1]), b"[hash of the widths]")


def pprof_text(packed):
    """A pprof file in words: how its bytes are compressed is the library's matter."""
    decode = ["protoc", "--decode=pprof.Profile", f"--proto_path={ROOT}/user/format", "pprof.proto"]
    return subprocess.run(decode, input=gzip.decompress(packed), capture_output=True, timeout=60, check=True).stdout


def produced(fixture, name):
    out = render(fixture, name)
    return {"html": without_assets, "pprof": pprof_text}.get(name, bytes)(out)


def path_of(fixture, ending):
    return f"{HERE}/{fixture}{ending.replace('.pb.gz', '.pb.txt')}"


def update():
    for path in glob.glob(f"{HERE}/*"):
        if os.path.splitext(path)[1] in {ending for _, _, ending in cases()}:
            os.unlink(path)
    for fixture, name, ending in cases():
        with open(path_of(fixture, ending), "wb") as f:
            f.write(produced(fixture, name))


def golden():
    for fixture, name, ending in cases():
        path = path_of(fixture, ending)
        got = produced(fixture, name)
        expected = read(path) if os.path.exists(path) else b""
        ok(got == expected, f"{fixture}{ending}", lambda e=expected, g=got: "\n".join(
            difflib.unified_diff(*(text.decode(errors="replace").splitlines() for text in (e, g)), "expected", "got", lineterm="", n=1)))


def json_contract():
    for fixture, name, _ in cases():
        if name == "json":
            none(contract.faults(json.loads(render(fixture, "json"))), f"{fixture}: the JSON keeps its contract")


def through_a_file():
    for fixture in sorted({case[0] for case in cases()}):
        file = render(fixture, "rp")
        same = all(render("-", name, stdin=file) == render(fixture, name) for f, name, _ in cases() if f == fixture)
        ok(same, f"{fixture}: read from its .rp file it is the same in every format")


def text_width():
    for fixture, name, _ in cases():
        if name == "text":
            lines = render(fixture, "text").decode().splitlines()
            none([line for line in lines if len(line) > MAX_COLUMNS], f"{fixture}: text within {MAX_COLUMNS} columns")


def unsafe(c):
    return (ord(c) < 0x20 and c != "\n" or 0x7f <= ord(c) < 0xa0 or c in "\u200e\u200f\u2028\u2029" or "\u202a" <= c <= "\u202e"
            or "\u2066" <= c <= "\u2069")


def nothing_unsafe():
    for name in ("text", "folded"):
        out = render("hostile", name).decode()
        none({hex(ord(c)) for c in out if unsafe(c)}, f"hostile: {name} is UTF-8 without control or bidirectional characters")
    lines = render("hostile", "folded").decode().splitlines()
    none([line for line in lines if not re.fullmatch(r".+ \d+", line)], "hostile: every folded line ends in its weight")


def sum_of_folded():
    for fixture in sorted({case[0] for case in cases()}):
        report = json.loads(render(fixture, "json"))
        waits = sum(w["duration_ns"] + w["runnable_ns"] for w in report["waits"])
        total = sum(report["samples"]["weight_ns"]) + waits
        folded = sum(int(line.rsplit(" ", 1)[1]) for line in render(fixture, "folded").decode().splitlines())
        equal(folded, total // 1000, f"{fixture}: folded weights add up to all the time of its threads")


def thread_ns(report, thread):
    """What a thread did for the request: on the CPU, waiting, ready."""
    samples, waits = report["samples"], [w for w in report["waits"] if w["thread"] == thread]
    return (sum(ns for ns, t in zip(samples["weight_ns"], samples["thread"]) if t == thread)
            + sum(w["duration_ns"] + w["runnable_ns"] for w in waits))


def is_possible(report, thread):
    """Does the thread wait for one thing at a time? Not in fixtures that stretch the waits of others; no lane can hold all of these."""
    waits = sorted((w["t"], w["t"] + w["duration_ns"] + w["runnable_ns"]) for w in report["waits"] if w["thread"] == thread)
    return all(before[1] <= after[0] for before, after in zip(waits, waits[1:]))


def sums_of_speedscope():
    for fixture in sorted({case[0] for case in cases()}):
        report, exported = json.loads(render(fixture, "json")), json.loads(render(fixture, "speedscope"))
        wall, profiles = report["time"]["wall_ns"], exported["profiles"]
        during = [p for p in profiles if not p["startValue"]]
        equal({sum(p["weights"]) for p in during}, {wall}, f"{fixture}: every speedscope profile is as long as the request")
        none([p["name"] for p in profiles if len(p["weights"]) != len(p["samples"]) or 0 in p["weights"]], f"{fixture}: each with its weight")
        none([i for p in profiles for s in p["samples"] for i in s if not 0 <= i < len(exported["shared"]["frames"])],
             f"{fixture}: frames that are there")
        ok(all(profiles[0]["samples"]), f"{fixture}: the request has no gap")
        for thread, p in enumerate(profiles[1:1 + len(report["threads"])]):
            busy = sum(w for w, s in zip(p["weights"], p["samples"]) if s)
            if is_possible(report, thread):
                equal(busy, thread_ns(report, thread), f"{fixture}: {p['name'][:40]} has all its time")


def sums_of_gecko():
    for fixture in sorted({case[0] for case in cases()}):
        report, exported = json.loads(render(fixture, "json")), json.loads(render(fixture, "gecko"))
        request, *threads = exported["threads"]
        equal(round(sum(request["samples"]["weight"]), 6), report["time"]["wall_ns"] / 1e6, f"{fixture}: gecko: as long as the request")
        for i, thread in enumerate(threads[:len(report["threads"])]):
            if not is_possible(report, i):
                continue
            equal(round(sum(thread["samples"]["weight"]), 6), thread_ns(report, i) / 1e6, f"{fixture}: gecko: a thread has all its time")
            cpu = report["threads"][i]["cpu_ns"]
            equal(sum(thread["samples"]["threadCPUDelta"]), cpu, f"{fixture}: gecko: and its CPU time")
        tables = [v for t in exported["threads"] for v in t.values() if isinstance(v, dict)]
        none([t for t in tables for column in t.values() if isinstance(column, list) and len(column) != t["length"]],
             f"{fixture}: gecko: whole tables")


def comments():
    for name, key in (("speedscope", lambda d: d["comment"]), ("gecko", lambda d: json.dumps(d["meta"]["extra"]))):
        text = key(json.loads(render("orders", name)))
        ok("Not in this file" in text and "4 stacks truncated" in text, f"{name} says what it leaves out and what was lost", text)


class Outline(HTMLParser):
    """What a browser makes of the page: elements, their attributes, text."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.open = [], set(), [], []
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.append(tag)
        self.attributes |= {name for name, _ in attrs}
        self.open.append(tag)

    def handle_endtag(self, tag):
        if tag in self.open:
            while self.open.pop() != tag:
                pass

    def handle_data(self, data):
        if "style" not in self.open and "script" not in self.open:
            self.text.append(data)


KNOWN_TAGS = set("html head meta title link style script body header main section div h1 h2 h3 p ul ol li dl dt dd table thead tbody tr th td span b "
                 "strong a bdi button label input select output fieldset legend details summary dialog kbd form pre".split())


def markup():
    for fixture in sorted({case[0] for case in cases()}):
        page = render(fixture, "html").decode()
        outline = Outline(page)
        none(set(outline.tags) - KNOWN_TAGS, f"{fixture}: no element that the page does not write itself")
        equal(outline.tags.count("script"), 2, f"{fixture}: two scripts, the data and the program")
        none({a for a in outline.attributes if a.startswith("on") or a in ("style", "src", "srcdoc")},
             f"{fixture}: no handler, style or source attribute")
        none(re.findall(r"\b(?:https?|wss?)://", without_assets(page.encode()).decode()), f"{fixture}: no address to load anything from")
        none({hex(ord(c)) for c in "".join(outline.text) if unsafe(c) and c != "\r"}, f"{fixture}: no control or bidirectional character in the text")


def policies():
    page = render("orders", "html")
    policy = re.search(rb'Content-Security-Policy" content="([^"]*)"', page)[1]
    styles = re.findall(rb"<style>(.*?)</style>", page, re.S)
    script = re.findall(rb"<script>(.*?)</script>", page, re.S)
    equal(policy, b"default-src 'none'; script-src " + policy_hash(script[0]) + b"; style-src " + b" ".join(map(policy_hash, styles)) +
          b"; img-src data:; base-uri 'none'; form-action 'none'", "the policy allows this script and these styles and nothing else")


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        main(golden, json_contract, through_a_file, text_width, nothing_unsafe, sum_of_folded, sums_of_speedscope, sums_of_gecko, comments,
             markup, policies)
