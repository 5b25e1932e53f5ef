/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/processes.h"

#include "base/alloc.h"
#include "base/log.h"

static struct process *find(const struct processes *ps, int pid)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->list[i].pid == pid)
			return &ps->list[i];
	return NULL;
}

bool processes_has(const struct processes *ps, int pid)
{
	return find(ps, pid);
}

/* A child's mappings before its exec: those of the process that read the request, if no other one can be its parent. */
static int parent_maps(const struct processes *ps)
{
	return ps->exec ? 0 : ps->list[0].pid;
}

void processes_add(struct processes *ps, struct namer *namer, int pid)
{
	struct process *p;

	if (find(ps, pid))
		return;
	GROW(ps->list, ps->n, ps->cap);
	p = &ps->list[ps->n++];
	*p = (struct process){.pid = pid, .maps_pid = pid};
	if (!namer_add_process(namer, pid))
		return;
	log_debug("process %d was gone before its mappings could be read", pid);
	p->maps_pid = p == ps->list ? pid : parent_maps(ps);
}

int processes_maps(const struct processes *ps, int pid, bool before_exec)
{
	const struct process *p = find(ps, pid);

	if (!p)
		return 0;
	return before_exec && p != ps->list && !p->exec ? parent_maps(ps) : p->maps_pid;
}

void processes_exec(struct processes *ps, int pid)
{
	struct process *p = find(ps, pid);

	if (!p)
		return;
	ps->exec = p->exec = true;
	p->maps_pid = pid;
}
