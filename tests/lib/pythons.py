# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
"""The interpreters that are on this machine."""
import glob
import os
import pwd
import subprocess

from harness import BUILD, PYTHON, ROOT
from tap import note, skip

VERSIONS = [(3, minor) for minor in range(8, 14)]


def version_of(path):
    said = subprocess.run([path, "-c", "import sys; print(*sys.version_info[:2])"], capture_output=True, text=True, check=True).stdout
    return tuple(map(int, said.split()))


def unstable(version):
    """Of Debian's unstable release, if it can be had. It is kept below the build directory."""
    directory = f"{BUILD}/unstable"
    path = f"{directory}/python{version}"
    if not os.path.exists(path):
        command = [f"{ROOT}/tests/lib/unpack-python", version, directory]
        p = subprocess.run(command, capture_output=True, text=True, timeout=300, check=False)
        if p.returncode:
            note(f"CPython {version} of Debian's unstable release cannot be had: {p.stderr}")
            return []
    return [path]


def interpreters():
    """(version, path) of each, without those that are older than what is supported. REQPROF_PYTHONS=PATH:PATH names more."""
    homes = {os.path.expanduser("~"), pwd.getpwuid(0).pw_dir}
    found = [p for home in homes for p in glob.glob(f"{home}/.pyenv/versions/3.*/bin/python3")]
    found += unstable("3.14") + unstable("3.15")
    found += [p for p in os.environ.get("REQPROF_PYTHONS", "").split(":") if p]
    paths = dict.fromkeys(map(os.path.realpath, [PYTHON, *found]))
    return sorted((v, p) for v, p in ((version_of(p), p) for p in paths) if v >= VERSIONS[0])


def label_of(version, path):
    return f"{version[0]}.{version[1]} {'of the system' if path == os.path.realpath(PYTHON) else 'found'}"


def skip_missing(found):
    """A test left out, and counted, for each version that ought to be tested and is not there."""
    for version in VERSIONS:
        if version not in [v for v, _ in found]:
            skip(f"CPython {version[0]}.{version[1]}", "there is none in ~/.pyenv/versions")
