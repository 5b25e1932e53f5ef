#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# make install and uninstall, into a directory of their own.
# shellcheck disable=SC2317 # ok calls the functions
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
where=$(mktemp -d)
trap 'rm -rf "$where"' EXIT
count=0 failed=0

ok() {
	local name=$1
	shift
	count=$((count + 1))
	if "$@" >"$where.out" 2>&1; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		sed 's/^/# /' "$where.out"
	fi
	rm -f "$where.out"
}

files() {
	[ "$(find "$where" -type f -printf '%P %m\n' | sort)" = "$1" ] || {
		find "$where" -type f -printf '%P %m\n'
		return 1
	}
}

ok "make install" make -s install DESTDIR="$where" PREFIX=/opt/x
ok "it installs these files" files "opt/x/bin/reqprof 755
opt/x/share/bash-completion/completions/reqprof 644
opt/x/share/man/man1/reqprof.1 644"
ok "the program runs" "$where/opt/x/bin/reqprof" --version
ok "make uninstall" make -s uninstall DESTDIR="$where" PREFIX=/opt/x
ok "nothing is left" files ""
echo "1..$count"
exit $failed
