/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/links.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/alloc.h"
#include "tracer/uprobe_multi.h"

struct link {
	pid_t pid;
	int fd;
	int use;
};

static int keep(struct links *ls, const struct uprobes *u, int fd, int use)
{
	if (fd < 0)
		return fd;
	GROW(ls->list, ls->n, ls->cap);
	ls->list[ls->n++] = (struct link){.pid = u->pid, .fd = fd, .use = use};
	return 0;
}

/* Its descriptor is all that is kept of libbpf's link. */
static int attach_by_perf(const struct uprobes *u, uint64_t offset)
{
	LIBBPF_OPTS(bpf_uprobe_opts, options, .retprobe = u->on_return, .bpf_cookie = u->cookie);
	struct bpf_link *link = bpf_program__attach_uprobe_opts(u->program, u->pid, u->path, offset, &options);
	int r = libbpf_get_error(link), fd;

	if (r)
		return r;
	fd = dup(bpf_link__fd(link));
	r = fd < 0 ? -errno : fd;
	bpf_link__destroy(link);
	return r;
}

int links_add(struct links *ls, const struct uprobes *u, int use)
{
	int r = 0;

	if (u->attach_type)
		return keep(ls, u, uprobe_multi_link(&(struct uprobe_multi){
			.program = bpf_program__fd(u->program), .attach_type = u->attach_type, .path = u->path, .offsets = u->offsets, .n = u->n,
			.cookie = u->cookie, .pid = u->pid, .on_return = u->on_return,
		}), use);
	for (uint32_t i = 0; i < u->n && !r; i++)
		r = keep(ls, u, attach_by_perf(u, u->offsets[i]), use);
	return r;
}

void links_close(struct links *ls, pid_t pid, int use)
{
	size_t kept = 0;

	for (size_t i = 0; i < ls->n; i++) {
		if (ls->list[i].pid == pid && ls->list[i].use == use)
			close(ls->list[i].fd);
		else
			ls->list[kept++] = ls->list[i];
	}
	ls->n = kept;
}

void links_close_all(struct links *ls)
{
	for (size_t i = 0; i < ls->n; i++)
		close(ls->list[i].fd);
	free(ls->list);
	*ls = (struct links){0};
}

static void *close_them(void *arg)
{
	links_close_all(arg);
	free(arg);
	return NULL;
}

void links_close_later(struct links *ls)
{
	struct links *own = xcalloc(1, sizeof *own);
	pthread_t thread;

	*own = *ls;
	*ls = (struct links){0};
	if (pthread_create(&thread, NULL, close_them, own))
		close_them(own);
	else
		pthread_detach(thread);
}

bool links_has_handlers(const struct links *ls, pid_t pid)
{
	for (size_t i = 0; i < ls->n; i++)
		if (ls->list[i].pid == pid && ls->list[i].use != LINK_OF_PYTHON)
			return true;
	return false;
}
