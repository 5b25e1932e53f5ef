#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What reqprof diff says of known sides (sides.c), byte for byte against tests/golden/diff/A-B.ENDING; `differences.t --update` writes them anew.

The page's style is not part of its golden file: in its place stands its name, and the same for its hash in the policy, once this test has
computed it itself.
"""
import base64
import difflib
import glob
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
from contract import CLASSES
from tap import equal, main, none, ok, within

RENDER = os.environ.get("RENDER", f"{ROOT}/build/golden/render")
STYLES = ["report.css", "difference.css"]
MAX_COLUMNS = 100


def render(*args):
    p = subprocess.run([RENDER, "diff", *args], capture_output=True, timeout=120, check=False)
    if p.returncode:
        raise RuntimeError(f"render diff {args}: {p.stderr.decode(errors='replace')}")
    return p.stdout


def read(path):
    with open(path, "rb") as f:
        return f.read()


def cases():
    return [line.split() for line in render().decode().splitlines()]


def pages():
    return [(f"{a} against {b}", render(a, b, "html")) for a, b, name, _ in cases() if name == "html"]


def documents():
    return [(f"{a} against {b}", json.loads(render(a, b, "json"))) for a, b, name, _ in cases() if name == "json"]


def routes():
    return [(f"{what}, {r['route']}", r) for what, document in documents() for r in document["routes"]]


def policy_hash(content):
    return b"'sha256-" + base64.b64encode(hashlib.sha256(content).digest()) + b"'"


def without_styles(page):
    for name in STYLES:
        content = read(f"{ROOT}/user/html/{name}")
        page = page.replace(content, f"[{name}]".encode()).replace(policy_hash(content), f"[hash of {name}]".encode())
    widths = re.findall(rb"<style>(#r0.*?)</style>", page)
    return page.replace(policy_hash(widths[-1]), b"[hash of the widths]")


def produced(a, b, name):
    out = render(a, b, name)
    return without_styles(out) if name == "html" else out


def path_of(a, b, ending):
    return f"{HERE}/diff/{a}-{b}{ending}"


def kept():
    """What has a golden file: of the JSON, whose promises are tested below, one."""
    return [c for c in cases() if c[2] != "json" or c[:2] == ["orders", "slower"]]


def update():
    for path in glob.glob(f"{HERE}/diff/*"):
        os.unlink(path)
    os.makedirs(f"{HERE}/diff", exist_ok=True)
    for a, b, name, ending in kept():
        with open(path_of(a, b, ending), "wb") as f:
            f.write(produced(a, b, name))


def golden():
    for a, b, name, ending in kept():
        path = path_of(a, b, ending)
        got = produced(a, b, name)
        expected = read(path) if os.path.exists(path) else b""
        ok(got == expected, f"diff/{a}-{b}{ending}", lambda e=expected, g=got: "\n".join(
            difflib.unified_diff(*(text.decode(errors="replace").splitlines() for text in (e, g)), "expected", "got", lineterm="", n=1)))


def text():
    for a, b, name, _ in cases():
        if name != "text":
            continue
        lines = render(a, b, "text").decode().splitlines()
        none([line for line in lines if len(line) > MAX_COLUMNS or line != line.rstrip()],
             f"{a} against {b}: text within {MAX_COLUMNS} columns, no blanks at the end of lines")


def deltas(value):
    """Every delta of a document, wherever it stands."""
    if isinstance(value, dict):
        if "beyond_spread" in value and "change" in value:
            yield value
        for v in value.values():
            yield from deltas(v)
    elif isinstance(value, list):
        for v in value:
            yield from deltas(v)


def json_promises():
    for what, r in routes():
        found = list(deltas(r))
        none([d for d in found if any(not 0 <= d[s]["low"] <= d[s]["median"] <= d[s]["high"] for s in "ab")], f"{what}: every median in its interval")
        none([d for d in found if abs(d["b"]["median"] - d["a"]["median"] - d["change"]) > 2], f"{what}: a change is B − A")
        none([d for d in found if d["beyond_spread"] != (d["b"]["low"] > d["a"]["high"] or d["b"]["high"] < d["a"]["low"])
              and abs(d["b"]["low"] - d["a"]["high"]) > 1 and abs(d["b"]["high"] - d["a"]["low"]) > 1],
             f"{what}: beyond the spread is what intervals say that do not meet")
        equal(list(r["classes_ns"]), CLASSES, f"{what}: the classes in their order")
        if len(r["a"]["requests"]) == len(r["b"]["requests"]) == 1:
            change = sum(d["change"] for d in r["classes_ns"].values())
            equal(change, r["wall_ns"]["change"], f"{what}: changes of classes sum to that of the wall time")


def trees_add_up():
    for what, r in routes():
        nodes = r["tree"]
        for side in ("a_mean_ns", "b_mean_ns"):
            below = [0] * len(nodes)
            for n in nodes[1:]:
                below[n["parent"]] += n[side]
            none([n for n, sum_below in zip(nodes, below) if sum_below > n[side] + len(nodes)], f"{what}: {side} of callees within their caller's")
        none([i for i, n in enumerate(nodes) if n["parent"] >= i], f"{what}: callers before callees")


def known_changes():
    """encode_decimal and what it calls take half as long again, the database twice as long."""
    r = dict(routes())["orders against slower, GET /orders"]
    functions = {f["function"]: f for f in r["functions"]}
    encode = functions["encode_decimal"]
    within(encode["self_ns"]["change"], 20650000, 10, "the slower function's own time")
    within(encode["total_ns"]["change"], 34100000, 10, "and that of what it calls, too")
    ok(encode["total_ns"]["beyond_spread"] and not functions["do_sys_poll"]["self_ns"]["beyond_spread"], "and only its change is one")
    database = [w for w in r["waits"] if w["object"] == "127.0.0.1:5432"][0]
    equal((database["total_ns"]["change"], database["count"]["change"]), (47700000, 0), "the slower database: as many waits, twice as long")
    ok("no difference beyond the spread: 0 ms\n" in render("orders", "orders", "text").decode(), "a request does not differ from itself")
    ok("no difference beyond the spread" in render("five", "six", "text").decode(), "nor do those that vary as much among themselves")
    r = dict(routes())["five against six, GET /orders"]
    none([d for d in deltas(r) if d["beyond_spread"]], "nor any function or wait of them")
    forth, back = (dict(routes())[f"{a}, GET /orders"]["wall_ns"]["change"] for a in ("orders against slower", "slower against orders"))
    equal(forth, -back, "the other way round it is as much faster")
    r = dict(routes())["six against six-slower, GET /orders"]
    slower = {f["function"] for f in r["functions"] if f["self_ns"]["beyond_spread"]}
    equal(slower, {"encode_decimal", "unicode_format"}, "among several requests the functions that are slower are told from those that vary")


class Outline(HTMLParser):
    """Elements, attributes, text and rectangles of a page."""

    def __init__(self, page):
        super().__init__()
        self.tags, self.attributes, self.text, self.rects, self.style = set(), set(), [], [], False
        self.feed(page)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.style = tag == "style"
        if tag == "rect":
            self.rects.append({k: float(v) for k, v in attrs if k in ("x", "y", "width")})

    def handle_data(self, data):
        if not self.style:
            self.text.append(data)


KNOWN_TAGS = set("html head meta link title style body header main section h1 h2 h3 p dl dt dd div b bdi span table thead tbody tr th td "
                 "svg g rect text".split())


def unsafe(c):
    return ord(c) < 0x20 and c not in "\n\t" or 0x7f <= ord(c) < 0xa0 or c in "\u200e\u200f\u2028\u2029" or "\u202a" <= c <= "\u202e" \
        or "\u2066" <= c <= "\u2069"


def markup():
    for what, page in pages():
        outline = Outline(page.decode())
        none(outline.tags - KNOWN_TAGS, f"{what}: no script, and no element that the page does not write itself")
        none({a for a in outline.attributes if a.startswith("on") or a in ("style", "src", "srcdoc")},
             f"{what}: no handler, style or source attribute")
        none({hex(ord(c)) for c in "".join(outline.text) if unsafe(c)}, f"{what}: no control or bidirectional character")
        policy = re.search(rb'Content-Security-Policy" content="([^"]*)"', page)[1]
        styles = re.findall(rb"<style>(.*?)</style>", page, re.S)
        equal(policy, b"default-src 'none'; style-src " + b" ".join(map(policy_hash, styles)) +
              b"; img-src data:; base-uri 'none'; form-action 'none'", f"{what}: the policy allows these styles and nothing else")


def icicles():
    for what, page in pages():
        rects = Outline(page.decode()).rects
        rows = {}
        for r in rects:
            rows.setdefault(r["y"], []).append((r["x"], r["x"] + r["width"]))
        if page.count(b"<svg") != 1:
            continue
        none([r for r in rects if r["x"] < 0 or r["x"] + r["width"] > 1400.2], f"{what}: the flame graph is inside of its picture")
        overlaps = [y for y, row in rows.items() for (_, end), (begin, _) in zip(sorted(row), sorted(row)[1:]) if end > begin + 0.2]
        none(overlaps, f"{what}: no frame lies over another one")


if __name__ == "__main__":
    if sys.argv[1:] == ["--update"]:
        update()
    else:
        main(golden, text, json_promises, trees_add_up, known_changes, markup, icicles)
