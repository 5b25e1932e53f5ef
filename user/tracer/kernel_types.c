/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/kernel_types.h"

#include <bpf/btf.h>
#include <bpf/libbpf.h>
#include <string.h>

int kernel_has_socket_tracepoints(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int r = libbpf_get_error(btf);

	if (r)
		return r;
	r = btf__find_by_name_kind(btf, "btf_trace_sock_recv_length", BTF_KIND_TYPEDEF) > 0 &&
	    btf__find_by_name_kind(btf, "btf_trace_sock_send_length", BTF_KIND_TYPEDEF) > 0;
	btf__free(btf);
	return r;
}

/* The offset of a per-CPU variable among them all, −1 = there is none. */
static int64_t offset_of(const struct btf *btf, const struct btf_type *section, const char *name)
{
	const struct btf_var_secinfo *v = btf_var_secinfos(section);

	for (int i = 0; i < btf_vlen(section); i++)
		if (!strcmp(btf__name_by_offset(btf, btf__type_by_id(btf, v[i].type)->name_off), name))
			return v[i].offset;
	return -1;
}

int64_t kernel_steal_clock(void)
{
	struct btf *btf = btf__load_vmlinux_btf();
	int64_t clock = -1, run_queue = -1;
	int section;

	if (libbpf_get_error(btf))
		return 0;
	section = btf__find_by_name_kind(btf, ".data..percpu", BTF_KIND_DATASEC);
	if (section > 0) {
		clock = offset_of(btf, btf__type_by_id(btf, section), "steal_time");
		run_queue = offset_of(btf, btf__type_by_id(btf, section), "runqueues");
	}
	btf__free(btf);
	return clock >= 0 && run_queue >= 0 ? clock - run_queue : 0;
}
