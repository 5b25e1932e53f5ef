#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# The demo, twice in a row: it ends well, names a report that is there, and leaves no process behind. Needs root.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit
where=$(mktemp -d)
trap 'rm -rf "$where"' EXIT
failed=0

# NAME CONDITION…
ok() {
	local name=$1
	shift
	count=$((${count:-0} + 1))
	if "$@"; then
		echo "ok $count - $name"
	else
		failed=1
		echo "not ok $count - $name"
		sed 's/^/# /' "$where/out"
	fi
}

for run in first second; do
	# shellcheck disable=SC2016 # for the inner shell
	ok "the $run run" env REPORTS="$where/reports" bash -c 'tests/demo/run >"$1" 2>&1' sh "$where/out"
	ok "the $run run prints the report's line" grep -qE '^[0-9:.]+  GET /invoice/21\?profile=1  200  [0-9.]+ ms .* → .*\.html$' "$where/out"
	# shellcheck disable=SC2016
	ok "the $run run ends its server" bash -c '! kill -0 "$(sed -n "s/.*reqprof --pid //p" "$1")" 2>/dev/null' sh "$where/out"
done
ok "two reports" test "$(find "$where/reports" -name '*-GET-*.html' | wc -l)" -eq 2
echo "1..$count"
exit $failed
