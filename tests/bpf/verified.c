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

#include "programs.h"

#define LIMIT 120000

static const char kernel[] = "6.18";
static const struct {
	const char *program;
	uint32_t instructions;
} table[] = {
	{"maps_made", 2},
	{"on_context_copy", 29728},
	{"on_context_copied", 25748},
	{"on_context_new", 539},
	{"on_context_made", 63},
	{"on_queue_put", 15749},
	{"on_turn", 2533},
	{"on_turn_entry", 2134},
	{"on_turn_return", 632},
	{"on_handler_entry", 38054},
	{"on_handler_return", 1494},
	{"on_handler_end", 2526},
	{"list_threads", 51},
	{"leave_sockets", 46},
	{"find_functions", 15},
	{"sweep", 2227},
	{"on_fork", 15098},
	{"on_exit", 2172},
	{"on_exec", 121},
	{"on_tick", 27211},
	{"on_switch", 35876},
	{"on_waking", 194},
	{"http_received", 66034},
	{"http_data_ready", 145},
	{"http_sent", 59733},
	{"http_state", 1603},
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
	struct bpf_program *program;
	struct programs p;
	struct utsname u;
	bool same, wrong = false;
	size_t n = 0;

	(void)state;
	programs_open(&p);
	assert_int_equal(reqprof__load(p.skel), 0);
	uname(&u);
	same = !strncmp(u.release, kernel, strlen(kernel)) && u.release[strlen(kernel)] == '.';
	bpf_object__for_each_program(program, p.skel->obj) {
		const char *name = bpf_program__name(program);
		uint32_t n_insns = verified(program), want = expected(name);
		bool ok = same ? want && n_insns <= want + want / 10 && n_insns >= want - want / 10 : n_insns && n_insns < LIMIT;

		printf("# \t{\"%s\", %u},%s\n", name, n_insns, ok ? "" : " <- differs");
		wrong |= !ok;
		n++;
	}
	programs_close(&p);
	assert_false(wrong);
	assert_true(!same || n == sizeof table / sizeof table[0]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(programs_are_as_large_as_the_table_says)};

	libbpf_set_print(NULL);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
