# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What attached BPF programs cost: the kernel's count of their runs and their time, less what an empty program takes in their place."""
import contextlib
import ctypes
import os
import struct

# include/uapi/linux/bpf.h
SYS_BPF = 321           # x86-64
BPF_PROG_LOAD = 5
BPF_RAW_TRACEPOINT_OPEN = 17
BPF_ENABLE_STATS = 32
BPF_STATS_RUN_TIME = 0
BPF_PROG_TYPE_RAW_TRACEPOINT = 17
RETURN_0 = bytes.fromhex("b700000000000000" "9500000000000000")     # r0 = 0; exit

_libc = ctypes.CDLL(None, use_errno=True)


def _bpf(command, attr):
    """A new descriptor, which ends what it stands for when it is closed."""
    fd = _libc.syscall(SYS_BPF, command, ctypes.create_string_buffer(attr, len(attr)), len(attr))
    if fd < 0:
        raise OSError(ctypes.get_errno(), f"bpf({command}): {os.strerror(ctypes.get_errno())}")
    return fd


def _load_empty():
    code, license_ = ctypes.create_string_buffer(RETURN_0, len(RETURN_0)), ctypes.create_string_buffer(b"GPL")
    return _bpf(BPF_PROG_LOAD, struct.pack("=IIQQ", BPF_PROG_TYPE_RAW_TRACEPOINT, len(RETURN_0) // 8,
                                           ctypes.addressof(code), ctypes.addressof(license_)))


def _attach(program, tracepoint):
    name = ctypes.create_string_buffer(tracepoint.encode())
    return _bpf(BPF_RAW_TRACEPOINT_OPEN, struct.pack("=QII", ctypes.addressof(name), program, 0))


def _descriptors(pid):
    """What the kernel says about each descriptor of a process."""
    for fd in os.listdir(f"/proc/{pid}/fdinfo"):
        try:
            with open(f"/proc/{pid}/fdinfo/{fd}", encoding="utf-8") as f:
                lines = f.read().splitlines()
        except FileNotFoundError:
            continue
        yield dict(line.split(":\t", 1) for line in lines if ":\t" in line)


def _runs(pid):
    """Of every program: (runs, ns)."""
    return {d["prog_id"]: (int(d["run_cnt"]), int(d["run_time_ns"])) for d in _descriptors(pid) if "run_cnt" in d}


def map_bytes(pid):
    """The kernel's memory for the maps of a process, each once: some have several descriptors."""
    return sum({d["map_id"]: int(d["memlock"]) for d in _descriptors(pid) if "map_id" in d}.values())


@contextlib.contextmanager
def statistics_on():
    """The kernel counts runs and time of all programs."""
    fd = _bpf(BPF_ENABLE_STATS, struct.pack("=I", BPF_STATS_RUN_TIME))
    try:
        yield
    finally:
        os.close(fd)


PROBES = "uprobes"      # where programs are that are attached to functions of the target
PROBE_LINKS = {"uprobe_multi", "uretprobe_multi", "perf"}


class Meter:
    """The programs that a process has attached to tracepoints, an empty one beside each, and to functions of its target. The kernel counts
    until the end of the `with`."""

    def __init__(self, pid):
        self._pid = pid
        links = [d for d in _descriptors(pid) if "link_id" in d]
        other = {d["link_type"] for d in links} - {"raw_tracepoint"} - PROBE_LINKS
        if other or not links:
            raise NotImplementedError(f"process {pid}: no floor for programs attached by {other or 'nothing'}")
        self._where = {d["prog_id"]: d.get("tp_name", PROBES) for d in links}
        self._fds = [_bpf(BPF_ENABLE_STATS, struct.pack("=I", BPF_STATS_RUN_TIME))]
        self._floor = {where: self._empty(where) for where in set(self._where.values()) - {PROBES}}

    def _empty(self, tracepoint):
        known = set(_runs("self"))
        program = _load_empty()
        self._fds += [program, _attach(program, tracepoint)]
        return (set(_runs("self")) - known).pop()

    def read(self):
        """By tracepoint: [runs, ns, runs of the empty program, its ns]. Probes of functions have the empty programs of all tracepoints as floor."""
        ours, empty = _runs(self._pid), _runs("self")
        read = {where: [0, 0, *empty[program]] for where, program in self._floor.items()}
        if PROBES in self._where.values():
            read[PROBES] = [0, 0, *(sum(empty[program][i] for program in self._floor.values()) for i in (0, 1))]
        for program, where in self._where.items():
            for i in 0, 1:
                read[where][i] += ours[program][i]
        return read

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for fd in reversed(self._fds):
            os.close(fd)


def cost(before, after):
    """Between two readings, by tracepoint: (runs, ns less the floor, ns of the floor a run)."""
    found = {}
    for where, then in before.items():
        runs, ns, empty_runs, empty_ns = (b - a for a, b in zip(then, after[where]))
        floor = empty_ns / empty_runs if empty_runs else 0
        found[where] = (runs, ns - runs * floor, floor)
    return found
