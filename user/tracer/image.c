/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/image.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"

#define DELETED " (deleted)"
#define EPOLL "anon_inode:[eventpoll]"

enum {
	UVLOOP = 1 << 0,
	GEVENT = 1 << 1,
	GREENLET = 1 << 2,
	ASYNCIO = 1 << 3,
};

static const struct {
	const char *pattern;
	unsigned module;
} modules[] = {
	{"uvloop/loop.*so", UVLOOP},
	{"gevent/*.so", GEVENT},
	{"greenlet/_greenlet.*so", GREENLET},
	{"_asyncio.*so", ASYNCIO},
};

#define ONE_THREAD "requests on one thread cannot be told apart, ambiguous"

static const struct event_loop uvloop = {.name = "uvloop"};
static const struct event_loop gevent = {.name = "gevent", .limit = ONE_THREAD};
static const struct event_loop eventlet = {.name = "eventlet", .limit = ONE_THREAD};
static const struct event_loop asyncio = {.name = "asyncio"};

static void take_path(struct image *image, char *path)
{
	size_t len = strlen(path);
	struct runtime_version unused;

	if (len > strlen(DELETED) && !strcmp(path + len - strlen(DELETED), DELETED))
		path[len - strlen(DELETED)] = '\0';
	runtime_take_path(&image->found, path);
	for (size_t i = 0; i < ARRAY_LEN(modules); i++)
		if (path_matches(modules[i].pattern, path, &unused))
			image->modules |= modules[i].module;
}

/* Data is mapped from files of any name: only code counts. */
static void take_line(struct image *image, char *line)
{
	uint64_t start, inode;
	char rights[5];
	int at = 0;

	line[strcspn(line, "\n")] = '\0';
	if (sscanf(line, "%" SCNx64 "-%*x %4s %*x %*s %" SCNu64 " %n", &start, rights, &inode, &at) != 3 || !at)
		return;
	if (!inode)
		runtime_take_anonymous(&image->found, start, line + at);
	else if (line[at] == '/' && rights[2] == 'x')
		take_path(image, line + at);
}

void image_take_maps(struct image *image, FILE *maps)
{
	_cleanup_free_ char *line = NULL;
	size_t size = 0;

	while (getline(&line, &size, maps) >= 0)
		take_line(image, line);
	runtime_take_end(&image->found);
}

static void take_executable(struct image *image, pid_t pid)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof link, "/proc/%d/exe", pid);
	n = readlink(link, path, sizeof path - 1);
	path[n > 0 ? n : 0] = '\0';
	if (n > 0)
		take_path(image, path);
}

static bool has_epoll(pid_t pid)
{
	char path[64], link[sizeof EPOLL];
	bool found = false;
	DIR *dir;

	snprintf(path, sizeof path, "/proc/%d/fd", pid);
	dir = opendir(path);
	for (struct dirent *d; dir && !found && (d = readdir(dir));)
		found = readlinkat(dirfd(dir), d->d_name, link, sizeof link) == sizeof EPOLL - 1 && !memcmp(link, EPOLL, sizeof EPOLL - 1);
	if (dir)
		closedir(dir);
	return found;
}

int image_read(pid_t pid, struct image *ret)
{
	_cleanup_fclose_ FILE *maps = NULL;
	char path[64];

	*ret = (struct image){0};
	take_executable(ret, pid);
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	maps = fopen(path, "re");
	if (!maps)
		return -errno;
	image_take_maps(ret, maps);
	ret->waits_on_events = has_epoll(pid);
	return 0;
}

/* That asyncio is loaded says little, frameworks of all kinds import it: its loop has an epoll instance, too. */
const struct event_loop *image_loop(const struct image *image, const struct program *program)
{
	enum program_loop expected = program->loop;

	if (!runtime_is_cpython(&image->found))
		return NULL;
	if (image->modules & UVLOOP)
		return &uvloop;
	if (image->modules & GEVENT)
		return &gevent;
	if (expected == LOOP_EVENTLET && image->modules & GREENLET)
		return &eventlet;
	if (!image->waits_on_events)
		return NULL;
	if (expected == LOOP_ASYNCIO || (expected == LOOP_ANY && image->modules & ASYNCIO))
		return &asyncio;
	return NULL;
}

char *image_text(const struct image *image, const struct program *program)
{
	const struct event_loop *loop = image_loop(image, program);
	_cleanup_free_ char *runtime = NULL;

	if (image->found.runtime && !strcmp(program->name, image->found.runtime->name))
		return NULL;
	runtime = runtime_text(&image->found);
	return loop ? xasprintf("%s, %s", runtime, loop->name) : TAKE_PTR(runtime);
}
