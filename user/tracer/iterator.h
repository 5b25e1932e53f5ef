/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Programs that the kernel calls for everything there is of a kind: tasks, their files. */
#ifndef REQPROF_ITERATOR_H
#define REQPROF_ITERATOR_H

struct bpf_program;

/* Run a loaded iterator to its end: it writes nothing, reading is what runs it. 0 or −errno. */
int iterator_run(struct bpf_program *program);

#endif
