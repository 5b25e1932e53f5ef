/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * How many instructions the verifier looks at for each program: it limits them to a million, and they are most of the time that attaching takes.
 * The table is of the kernel that it names and is compared within a tenth; other kernels count differently, there only LIMIT holds.
 *
 * links: base/alloc.c tracer/halves.c
 */
#include <bpf/bpf.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "reqprof.h"
#include "reqprof.skel.h"
#include "tracer/halves.h"
#include "tracer/uprobe_multi.h"

#define LIMIT 120000

static const char kernel[] = "6.18";
static const struct {
	const char *program;
	uint32_t instructions;
} table[] = {
	{"maps_made", 2},
	{"on_context_copy", 32971},
	{"on_context_copied", 29268},
	{"on_context_new", 531},
	{"on_context_made", 63},
	{"on_handler_entry", 40976},
	{"on_handler_return", 4100},
	{"on_handler_end", 5173},
	{"on_queue_put", 17353},
	{"on_turn", 2342},
	{"on_turn_entry", 2092},
	{"on_turn_return", 647},
	{"list_threads", 44},
	{"leave_sockets", 32},
	{"on_fork", 16603},
	{"on_exit", 4855},
	{"on_exec", 58},
	{"on_tick", 29759},
	{"on_switch", 40053},
	{"on_waking", 194},
	{"sweep", 2651},
	{"http_received", 66520},
	{"http_data_ready", 95},
	{"http_sent", 60937},
	{"http_state", 4220},
	{"http_open_sockets", 113},
};

static uint32_t verified(const struct bpf_program *program)
{
	struct bpf_prog_info info = {0};
	__u32 len = sizeof info;

	assert_int_equal(bpf_obj_get_info_by_fd(bpf_program__fd(program), &info, &len), 0);
	return info.verified_insns;
}

static uint32_t expected(const char *program)
{
	for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
		if (!strcmp(table[i].program, program))
			return table[i].instructions;
	return 0;
}

static void programs_are_as_large_as_the_table_says(void **state)
{
	int registered = halves_prepare();
	struct reqprof *skel = reqprof__open();
	struct bpf_program *program;
	struct utsname u;
	bool same, wrong = false;
	size_t n = 0;

	(void)state;
	assert_non_null(skel);
	bpf_object__for_each_program(program, skel->obj)
		bpf_program__set_autoload(program, true);
	bpf_program__set_expected_attach_type(skel->progs.on_context_copy, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_context_copied, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_context_new, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_context_made, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_handler_entry, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_handler_return, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_handler_end, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_turn, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_turn_entry, UPROBE_MULTI_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(skel->progs.on_turn_return, UPROBE_MULTI_ATTACH_TYPE);
	assert_int_equal(reqprof__load(skel), 0);
	uname(&u);
	same = !strncmp(u.release, kernel, strlen(kernel)) && u.release[strlen(kernel)] == '.';
	bpf_object__for_each_program(program, skel->obj) {
		const char *name = bpf_program__name(program);
		uint32_t n_insns = verified(program), want = expected(name);
		bool ok = same ? want && n_insns <= want + want / 10 && n_insns >= want - want / 10 : n_insns && n_insns < LIMIT;

		printf("# \t{\"%s\", %u},%s\n", name, n_insns, ok ? "" : " <- differs");
		wrong |= !ok;
		n++;
	}
	halves_done(registered);
	reqprof__destroy(skel);
	assert_false(wrong);
	assert_true(!same || n == sizeof table / sizeof table[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(programs_are_as_large_as_the_table_says)};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
