#!/usr/bin/awk -f
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# select.awk -v whole="NAME …" USED.h ALL.h: the header of generate.sh. From ALL.h the types named in `whole`, in the order of that dump (which
# is one that compiles); then all of USED.h but what came already, without the padding between members.

BEGIN {
	n = split(whole, names, " ")
	for (i = 1; i <= n; i++)
		wanted[names[i]] = 1
}

FNR == 1 { file++ }

file == 1 { used[++n_used] = $0; next }

# ALL.h: definitions that begin in the first column.
/^(struct|union|enum) [A-Za-z0-9_]+ \{/ { name = $2; keep = name in wanted }
/^enum \{/ { block = $0; anonymous = 1; keep = 0; next }
/^typedef / && /;$/ { name = $NF; sub(/;$/, "", name); sub(/\[.*/, "", name); if (name in wanted) out = out $0 "\n\n"; next }
anonymous {
	block = block "\n" $0
	member = $1; sub(/,$/, "", member)
	if (member in wanted) found = 1
	if (/^\};/) { if (found) out = out block "\n\n"; anonymous = found = 0 }
	next
}
keep { out = out $0 "\n"; if (/^\};/) { out = out "\n"; done[name] = 1; keep = 0 } }

END {
	print "/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */"
	print "/* Made by vmlinux/generate.sh; see vmlinux/README.md. */"
	for (i = 1; i <= n_used; i++) {
		line = used[i]
		if (line ~ /^\t+(long|int|short|char): [0-9]+;$/)
			continue
		split(line, word, " ")
		if (line ~ /^(struct|union|enum) [A-Za-z0-9_]+ \{/ && word[2] in done)
			skip = 1
		if (!skip)
			print line
		if (skip && line ~ /^\};/)
			skip = 0
		if (line ~ /^#pragma clang attribute push/ )
			pushed = 1
		if (pushed && line ~ /^#endif/) {
			printf "\n%s", out
			pushed = 0
		}
	}
}
