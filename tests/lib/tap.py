# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""Test Anything Protocol: ok(), equal() …, and main() that runs the functions of a test file."""
import sys
import traceback

_count = 0
_failed = 0


def ok(good, name, detail=""):
    """One test; the detail is shown if it failed."""
    global _count, _failed
    _count += 1
    print(f"{'ok' if good else 'not ok'} {_count} - {name}".replace("#", "\\#"), flush=True)
    if not good:
        _failed += 1
        note(detail() if callable(detail) else detail)
    return bool(good)


def measured(good, name, detail=""):
    """ok() of a time. What is off while a hypervisor has taken the CPU away is measured once more: tests/run."""
    if not ok(good, name, detail):
        note("measured")


def skip(name, why):
    """A test that cannot be run here; it is counted."""
    global _count
    _count += 1
    print(f"ok {_count} - {name} # SKIP {why}", flush=True)


def equal(got, expected, name):
    return ok(got == expected, name, f"     got: {got!r}\nexpected: {expected!r}")


def within(got, expected, slack, name):
    return ok(abs(got - expected) <= slack, name, f"     got: {got}\nexpected: {expected} ± {slack}")


def none(faults, name):
    """No fault in the list."""
    faults = list(faults)
    return ok(not faults, name, "\n".join(map(str, faults[:20])))


def none_off(faults, name):
    """none() of times: measured()."""
    faults = list(faults)
    measured(not faults, name, "\n".join(map(str, faults[:20])))


def note(text):
    for line in str(text).splitlines()[:60]:
        print(f"# {line}", flush=True)


def main(*parts):
    """Runs the parts one after the other; one that raises counts as a failed test and the others go on."""
    for part in parts:
        try:
            part()
        except Exception:
            ok(False, f"{part.__name__} ran to its end", traceback.format_exc())
    print(f"1..{_count}", flush=True)
    sys.exit(bool(_failed))
