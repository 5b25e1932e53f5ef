#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Lengths, licences, blanks, and what is not to be used."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import main, none, ok

MAX_LINE, MAX_FUNCTION, MAX_FILE = 150, 60, 450
# Made by a tool.
LONG_FILES = re.compile(r"^(vmlinux/x86/vmlinux\.h$|vmlinux/whole|tests/golden/.*\.(html|json|txt|folded)$)")
MADE = re.compile(r"^(vmlinux/x86/|tests/fuzz/corpus/|tests/golden/.*\.(html|json|txt|folded)$|tests/browser/package-lock\.json$|LICENSES?)")
# No place for a comment, or one that every report would carry along.
NO_COMMENT = re.compile(r"^user/html/(report|index/\w+)\.html$|\.(json|txt|folded|png|md)$|^(LICENSE|\.gitignore)|\.npmrc$|tests/golden/.*\.html$")
BANNED = {
    "bounded ones are there": r"\b(strcpy|strcat|sprintf|vsprintf|gets|strtok|alloca)\s*\(",
    "no shell": r"\b(system|popen)\s*\(",
    "numbers are checked": r"\b(atoi|atol|atoll|atof)\s*\(",
}
NOTES = re.compile(r"\b(" + "|".join(("TO" + "DO", "FIX" + "ME", "XX" + "X", "HA" + "CK")) + r")\b")


def files():
    return subprocess.run(["git", "-C", ROOT, "ls-files"], capture_output=True, text=True, check=True).stdout.split()


def read(path):
    with open(f"{ROOT}/{path}", "rb") as f:
        return f.read()


def text_files():
    return [(p, read(p).decode()) for p in files() if not MADE.search(p) and not p.endswith(".png")]


def code(texts, *endings):
    return [(p, t) for p, t in texts if p.endswith(endings)]


def long_functions(path, text):
    """C: from a brace in the first column to the closing one."""
    begin = None
    for n, line in enumerate(text.splitlines(), 1):
        if line == "{":
            begin = n
        elif line.startswith("}") and begin:
            if n - begin > MAX_FUNCTION:
                yield f"{path}:{begin}: {n - begin} lines"
            begin = None


def lengths():
    texts = text_files()
    checked = code(texts, ".c", ".h", ".S", ".js", ".t", ".py", ".css", ".mk", "Makefile")
    ok(len(checked) > 200, "there is code to look at", len(checked))
    none((f"{p}:{n}: {len(line)}" for p, t in checked for n, line in enumerate(t.splitlines(), 1) if len(line) > MAX_LINE),
         f"lines of at most {MAX_LINE} characters")
    none((f"{p}: {t.count(chr(10))}" for p, t in checked if t.count("\n") > MAX_FILE and not LONG_FILES.match(p)),
         f"files of at most {MAX_FILE} lines")
    none((f for p, t in code(texts, ".c", ".h") for f in long_functions(p, t)), f"functions of at most {MAX_FUNCTION} lines")


def licences():
    none((p for p, t in text_files() if not NO_COMMENT.search(p) and "SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause" not in t[:300]),
         "every file says its licence")


def blanks():
    texts = [(p, t) for p, t in text_files() if not p.endswith(".md")]
    none((f"{p}:{n}" for p, t in texts for n, line in enumerate(t.split("\n"), 1) if line != line.rstrip()), "no blanks at the end of lines")
    none((p for p, t in texts if t and (not t.endswith("\n") or t.endswith("\n\n"))), "every file ends in one line feed")
    none((f"{p}:{n}" for p, t in code(texts, ".c", ".h") for n, line in enumerate(t.splitlines(), 1) if re.match(r" +(?!\*)[^\s\\]", line)),
         "C is indented by tabs")
    none((f"{p}:{n}" for p, t in code(texts, ".py", ".t", ".js") if not t.startswith("#!/bin/bash")
          for n, line in enumerate(t.splitlines(), 1) if p.endswith(".py") and "\t" in line), "Python is indented by blanks")


def banned():
    texts = text_files()
    c = [(p, t) for p, t in code(texts, ".c", ".h") if not p.startswith("tests/")]
    for why, pattern in BANNED.items():
        none((f"{p}:{n}: {m[0]}" for p, t in c for n, line in enumerate(t.splitlines(), 1) if (m := re.search(pattern, line))), f"banned: {why}")
    none((f"{p}:{n}" for p, t in texts for n, line in enumerate(t.splitlines(), 1) if NOTES.search(line)), "nothing is left for later")
    none((f"{p}:{n}" for p, t in texts for n, line in enumerate(t.splitlines(), 1) if re.search(r"(?<![\w.])/(work|root|home)/\w", line)),
         "no paths of somebody's machine")


main(lengths, licences, blanks, banned)
