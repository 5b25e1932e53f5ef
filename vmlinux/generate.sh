#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause
# Makes vmlinux/ARCH/vmlinux.h: the kernel types that the BPF programs use, and of structures the members they use. Run it as root on a kernel
# with BTF when a program needs a type or a member that the header lacks.
#
#   1. Compile the programs against the whole dump of this kernel's BTF.
#   2. bpftool keeps what their CO-RE relocations name: those structures with those members, at the offsets of this kernel; the relocations
#      find them in any other, so the padding between them is left out.
#   3. Types that are copied whole, or used without a relocation (enumerations, contexts), come whole from the dump.
set -euo pipefail

arch=${1:-x86}
cd "$(dirname "$0")/.."
bpftool=$(command -v bpftool || echo /usr/sbin/bpftool)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

"$bpftool" btf dump file /sys/kernel/btf/vmlinux format c >"$work/vmlinux.h"
sources=(bpf/*.bpf.c tests/bpf/*.bpf.c)
objects=()
for source in "${sources[@]}"; do
	object=$work/$(basename "$source" .c).o
	clang -target bpf "-D__TARGET_ARCH_$arch" -O2 -g -mcpu=v3 "-I$work" -Ibpf -Itests/bpf -c -o "$object" "$source"
	# One without code has no relocations, and bpftool refuses it.
	if readelf -SW "$object" | grep -q '\.BTF\.ext'; then
		objects+=("$object")
	fi
done
"$bpftool" gen min_core_btf /sys/kernel/btf/vmlinux "$work/used.btf" "${objects[@]}"
"$bpftool" btf dump file "$work/used.btf" format c >"$work/used.h"
awk -f vmlinux/select.awk -v whole="$(grep -v '^#' vmlinux/whole.txt | tr '\n' ' ')" "$work/used.h" "$work/vmlinux.h" >"vmlinux/$arch/vmlinux.h"
wc -l "vmlinux/$arch/vmlinux.h"
