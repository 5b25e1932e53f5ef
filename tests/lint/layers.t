#!/usr/bin/python3
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Who may include whom."""
import os
import re
import subprocess
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
sys.path.insert(0, os.path.join(ROOT, "tests", "lib"))
from tap import main, none, ok

# Beside its own headers. The contract is bpf/reqprof.h.
MAY_INCLUDE = {
    "cmd": {"page", "format", "capture", "tracer", "handler", "profile", "base", "contract"},
    "tracer": {"base", "contract"},
    "capture": {"handler", "unwind", "symbol", "profile", "base", "contract"},
    "handler": {"unwind", "symbol", "base", "contract"},
    "unwind": {"symbol", "base", "contract"},
    "page": {"format", "profile", "base"},
    "format": {"profile", "base", "html"},
    "symbol": {"base"},
    "profile": {"base"},
    "base": set(),
    "html": set(),
    "main.c": {"cmd", "base"},
}
GENERATED = {"reqprof.skel.h": ["user/tracer/session.c"], "profile.pb-c.h": ["user/profile/decode.c", "user/profile/encode.c"],
             "pprof.pb-c.h": ["user/format/pprof.c"]}
# The kernel's interfaces: only what talks to it needs them; the worker's ring is read with libbpf, too.
LIBBPF = {"tracer", "capture"}
# What strangers can talk to.
NETWORK = {"microhttpd.h": {"page"}}


def files(*patterns):
    return subprocess.run(["git", "-C", ROOT, "ls-files", *patterns], capture_output=True, text=True, check=True).stdout.split()


def includes(path):
    with open(f"{ROOT}/{path}", encoding="utf-8") as f:
        for n, line in enumerate(f, 1):
            if m := re.match(r'\s*#\s*include\s+([<"])([^">]+)', line):
                yield n, m[1] == '"', m[2]


def layer_of(header):
    if header == "reqprof.h":
        return "contract"
    return header.split("/")[0]


def faults(path):
    layer = path.split("/")[1]
    for n, ours, header in includes(path):
        where = f"{path}:{n}: includes {header}"
        if header in GENERATED:
            if path not in GENERATED[header]:
                yield f"{where}: only {' '.join(GENERATED[header])} may"
        elif ours and "/" not in header and header != "reqprof.h":
            yield f"{where}: name it with its layer"
        elif ours and layer_of(header) != layer and layer_of(header) not in MAY_INCLUDE[layer]:
            yield f"{where}: {layer} must not"
        elif not ours and layer not in NETWORK.get(header, {layer}):
            yield f"{where}: {layer} does not talk to the network"
        elif not ours and header.startswith("bpf/") and layer not in LIBBPF:
            yield f"{where}: {layer} does not talk to the kernel"


def user():
    found = files("user/*.c", "user/*.h")
    none((fault for path in found for fault in faults(path)), "user: every layer includes what it may")
    ok({p.split("/")[1] for p in found} == set(MAY_INCLUDE) - {"html"}, "user: every layer is known", sorted({p.split("/")[1] for p in found}))


def bpf():
    own = {os.path.basename(p) for p in files("bpf/*.h")}
    system = {"vmlinux.h", "bpf/bpf_helpers.h", "bpf/bpf_core_read.h", "bpf/bpf_endian.h", "bpf/bpf_tracing.h"}
    none((f"{p}:{n}: includes {h}" for p in files("bpf/*.c", "bpf/*.h") for n, _, h in includes(p) if h not in own | system),
         "bpf: includes its own headers and the kernel's types")
    contract = {"reqprof.h", "reqprof_handler.h", "reqprof_python.h", "reqprof_task.h", "reqprof_unwind.h"}
    none((f"{p}:{n}: includes {h}" for p in files("bpf/*.h") if os.path.basename(p) in contract for n, _, h in includes(p) if h not in contract),
         "the contract includes nothing but its parts")
    sources = {p: {h for _, _, h in includes(p)} for p in files("bpf/*.bpf.c")}
    none((p for p, h in sources.items() if p.split("/")[1].startswith(("source_", "http_")) and "request.bpf.h" in h),
         "bpf: a source knows requests, not how they are followed")
    none((p for p, h in sources.items() if p in ("bpf/request.bpf.c", "bpf/worker.bpf.c", "bpf/sample.bpf.c") and any("http" in x for x in h)),
         "bpf: what follows requests knows no source")


main(user, bpf)
