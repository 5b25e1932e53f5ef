# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""What the benchmarks share: their options, the rows of the table that they print, raw numbers with -v."""
import argparse
import os
import statistics
import sys

# So that whoever imports this finds harness.py.
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lib"))

TITLE = "| what | budget | measured | command |\n|---|---|---|---|"


def options(doc):
    parser = argparse.ArgumentParser(description=doc)
    parser.add_argument("-q", "--quick", action="store_true", help="few and short windows: to see that it works, not for its numbers")
    parser.add_argument("-v", "--verbose", action="store_true", help="print the raw numbers to stderr")
    return parser


class Bench:
    """One run of the benchmark whose script this is."""

    def __init__(self, doc):
        self._options = options(doc).parse_args()
        self._name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
        if os.geteuid():
            sys.exit(f"{self._name}: needs root")

    def pick(self, full, quick):
        """A number of windows, or the seconds of one."""
        return quick if self._options.quick else full

    def raw(self, text):
        if self._options.verbose:
            print(f"{self._name}: {text}", file=sys.stderr, flush=True)

    def row(self, what, budget, measured, kept=True):
        """A line of the table. `kept`: is it within the budget?"""
        over = "" if kept else " **over**"
        quick = " (quick run)" if self._options.quick else ""
        print(f"| {what} | {budget} | {measured}{over}{quick} | `make bench BENCH={self._name}` |", flush=True)


def spread(values, form=".0f"):
    """The median, and the least and the greatest."""
    return f"{statistics.median(values):{form}} ({min(values):{form}}–{max(values):{form}})"
