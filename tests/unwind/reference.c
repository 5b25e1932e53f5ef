/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "reference.h"

#include <elfutils/libdwfl.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"

struct reference {
	pid_t pid;
	Dwfl *dwfl;
	char *maps;             /* text of the mappings that libdwfl knows */
	size_t maps_len;
};

static const Dwfl_Callbacks callbacks = {.find_elf = dwfl_linux_proc_find_elf, .find_debuginfo = dwfl_standard_find_debuginfo};

static int failed(const struct reference *r, const char *what)
{
	fprintf(stderr, "libdwfl, process %d: %s: %s\n", r->pid, what, dwfl_errmsg(-1));
	return -1;
}

/* All of /proc/PID/maps, NULL = it cannot be read; the caller frees it. */
static char *read_maps(pid_t pid, size_t *ret_len)
{
	_cleanup_free_ char *path = xasprintf("/proc/%d/maps", pid);
	_cleanup_close_ int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0, cap = 0;
	char *text = NULL;
	ssize_t n = 1;

	while (fd >= 0 && n > 0) {
		if (cap - len < 4096)
			text = xrealloc(text, cap = 2 * cap + 16384, 1);
		n = read(fd, text + len, cap - len);
		len += n > 0 ? n : 0;
	}
	*ret_len = len;
	return text;
}

static int report(struct reference *r)
{
	dwfl_report_begin(r->dwfl);
	if (dwfl_linux_proc_report(r->dwfl, r->pid))
		return failed(r, "its mappings");
	return dwfl_report_end(r->dwfl, NULL, NULL) ? failed(r, "its files") : 0;
}

int reference_update(struct reference *r)
{
	size_t len;
	char *maps = read_maps(r->pid, &len);

	if (r->maps && maps && len == r->maps_len && !memcmp(maps, r->maps, len)) {
		free(maps);
		return 0;
	}
	free(r->maps);
	r->maps = maps;
	r->maps_len = len;
	return report(r) ? -1 : 1;
}

struct reference *reference_open(pid_t pid)
{
	struct reference *r = xcalloc(1, sizeof *r);

	r->pid = pid;
	r->dwfl = dwfl_begin(&callbacks);
	if (r->dwfl && reference_update(r) >= 0 && !dwfl_linux_proc_attach(r->dwfl, pid, true))
		return r;
	failed(r, "attach");
	reference_close(r);
	return NULL;
}

void reference_close(struct reference *r)
{
	if (!r)
		return;
	dwfl_end(r->dwfl);
	free(r->maps);
	free(r);
}

struct walk {
	uint64_t *ips;
	int n, max;
};

static int on_frame(Dwfl_Frame *frame, void *arg)
{
	struct walk *w = arg;
	Dwarf_Addr pc;

	if (w->n == w->max || !dwfl_frame_pc(frame, &pc, NULL))
		return DWARF_CB_ABORT;
	w->ips[w->n++] = pc;
	return DWARF_CB_OK;
}

int reference_unwind(struct reference *r, pid_t tid, uint64_t *ips, int max, bool *ret_whole)
{
	struct walk w = {.ips = ips, .max = max};
	int status = dwfl_getthread_frames(r->dwfl, tid, on_frame, &w);

	*ret_whole = !status || w.n == max;
	return w.n;
}
