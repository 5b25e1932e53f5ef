/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/watch.h"

#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "page/catalog.h"

static struct timespec mtime(int dir)
{
	struct stat st = {0};

	fstat(dir, &st);
	return st.st_mtim;
}

void watch_open(struct watch *w, int dir)
{
	_cleanup_free_ char *path = xasprintf("/proc/self/fd/%d", dir);

	*w = (struct watch){.dir = dir, .fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC), .changed = mtime(dir)};
	if (w->fd >= 0 && inotify_add_watch(w->fd, path, IN_MOVED_TO | IN_MOVED_FROM | IN_CLOSE_WRITE | IN_DELETE) < 0)
		watch_close(w);
}

void watch_close(struct watch *w)
{
	if (w->fd >= 0)
		close(TAKE_FD(w->fd));
}

bool watch_read(struct watch *w)
{
	char buffer[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
	bool found = false;
	ssize_t n;

	while ((n = read(w->fd, buffer, sizeof buffer)) > 0) {
		const struct inotify_event *e;

		for (char *at = buffer; at < buffer + n; at += sizeof *e + e->len) {
			e = (const struct inotify_event *)at;
			found |= e->mask & IN_Q_OVERFLOW || (e->len && catalog_is_file(e->name));
		}
	}
	return found;
}

bool watch_look(struct watch *w)
{
	struct timespec now = mtime(w->dir);
	bool changed = now.tv_sec != w->changed.tv_sec || now.tv_nsec != w->changed.tv_nsec;

	w->changed = now;
	return changed;
}
