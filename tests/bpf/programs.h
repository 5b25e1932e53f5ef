/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* All programs that reqprof may load, at once. */
#ifndef REQPROF_TESTS_PROGRAMS_H
#define REQPROF_TESTS_PROGRAMS_H

#include <string.h>

#include "reqprof.h"
#include "reqprof.skel.h"
#include "tracer/halves.h"
#include "tracer/uprobe_multi.h"

struct programs {
	struct reqprof *skel;
};

/* Opened, to be loaded. */
static inline void programs_open(struct programs *p)
{
	struct bpf_program *program;

	assert_int_equal(halves_prepare(), 0);
	p->skel = reqprof__open();
	assert_non_null(p->skel);
	bpf_object__for_each_program(program, p->skel->obj) {
		bpf_program__set_autoload(program, true);
		if (!strcmp(bpf_program__section_name(program), "uprobe") || !strcmp(bpf_program__section_name(program), "?uprobe"))
			bpf_program__set_expected_attach_type(program, UPROBE_MULTI_ATTACH_TYPE);
	}
	bpf_program__set_expected_attach_type(p->skel->progs.on_context_copy, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(p->skel->progs.on_context_new, UPROBE_SESSION_ATTACH_TYPE);
	bpf_program__set_expected_attach_type(p->skel->progs.on_turn, UPROBE_SESSION_ATTACH_TYPE);
}

static inline void programs_close(struct programs *p)
{
	reqprof__destroy(p->skel);
}

#endif
