/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/gil.h"

#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"

#define TEXT_MAX 512
#define COMM_MAX 32

/* What the thread is called now; it may be gone, or be named by ids of another PID namespace. */
static void thread_name(int32_t pid, uint32_t tid, char name[static COMM_MAX])
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/task/%u/comm", pid, tid);
	f = fopen(path, "re");
	if (!f || !fgets(name, COMM_MAX, f))
		*name = 0;
	name[strcspn(name, "\n")] = 0;
}

const char *gil_object(struct profile *p, const struct record_wait *w, const char *function)
{
	char text[TEXT_MAX], name[COMM_MAX] = "";
	size_t n = 0;

	if (!w->holder_tid && !function)
		return NULL;
	if (w->holder_tid) {
		thread_name(w->pid, w->holder_tid, name);
		n = snprintf(text, sizeof text, "%s[%u]%s", name, w->holder_tid, function ? " " : "");
	}
	n += snprintf(text + n, sizeof text - n, "%.256s", function ? function : "");
	if (w->holder_request)
		snprintf(text + n, sizeof text - n, " (%.180s)", w->holder_request);
	return profile_string(p, text);
}
