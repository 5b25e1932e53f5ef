#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What others' tools say: shellcheck, perl, python, eslint, the TypeScript compiler."""
import ast
import os
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import main, none, ok


def files(*patterns):
    return subprocess.run(["git", "-C", ROOT, "ls-files", *patterns], capture_output=True, text=True, check=True).stdout.split()


def scripts(language):
    """Those whose first line names it."""
    found = []
    for path in files():
        with open(f"{ROOT}/{path}", "rb") as f:
            line = f.readline(80)
        if line.startswith(b"#!") and language.encode() in line:
            found.append(path)
    return found


def run(*command):
    p = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    return p.returncode, p.stdout + p.stderr


def shell():
    found = scripts("sh\n".strip())
    ok(len(found) >= 4, "there are shell scripts", found)
    for path in found:
        status, out = run("shellcheck", "--shell=bash", path)
        ok(status == 0, f"shellcheck {path}", out)


def perl():
    for path in scripts("perl"):
        status, out = run("perl", "-wc", path)
        ok(status == 0 and "warning" not in out, f"perl -wc {path}", out)


def python():
    found = sorted(set(scripts("python3") + files("*.py")))
    ok(len(found) > 20, "there are Python files", found)
    broken = []
    for path in found:
        with open(f"{ROOT}/{path}", encoding="utf-8") as f:
            try:
                ast.parse(f.read(), path)
            except SyntaxError as e:
                broken.append(f"{path}: {e}")
    none(broken, "Python can be read")


NODE_TOOLS = f"{ROOT}/tests/browser/node_modules/.bin"


def javascript():
    status, out = run(f"{NODE_TOOLS}/eslint", "--no-eslintrc", "--config", f"{HERE}/eslint.json", "--max-warnings", "0",
                      "--ext", ".js,.t", *files("tests/browser/*.js", "tests/browser/*.t", "tests/js/*", "tests/bench/*.js",
                                        "tests/integration/person.t", "user/html/*/*.js"))
    ok(status == 0, "eslint", out)


def types():
    status, out = run(f"{NODE_TOOLS}/tsc", "--project", f"{HERE}/tsconfig.json")
    ok(status == 0, "tsc --checkJs: the page's script keeps the types that its comments tell", out)


main(shell, perl, python, javascript, types)
