/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "target.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/uio.h>

static int open_maps(void *ctx, int pid)
{
	char path[64];
	int fd;

	(void)ctx;
	snprintf(path, sizeof path, "/proc/%d/maps", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_file(void *ctx, int pid, uint64_t start, uint64_t end)
{
	char path[96];
	int fd;

	(void)ctx;
	snprintf(path, sizeof path, "/proc/%d/map_files/%llx-%llx", pid, (unsigned long long)start, (unsigned long long)end);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

static int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	(void)ctx, (void)pid, (void)build_id, (void)len;
	return -ENOENT;
}

static int open_debug_link(void *ctx, int pid, uint64_t start, uint64_t end, const char *name, int place)
{
	(void)ctx, (void)pid, (void)start, (void)end, (void)name, (void)place;
	return -ENOENT;
}

static int open_perf_map(void *ctx, int pid)
{
	(void)ctx, (void)pid;
	return -ENOENT;
}

struct symbol_source target_source(void)
{
	return (struct symbol_source){
		.open_maps = open_maps, .open_file = open_file, .open_debug = open_debug, .open_debug_link = open_debug_link,
		.open_perf_map = open_perf_map,
	};
}

static int read_memory(void *ctx, int pid, uint64_t address, void *buffer, size_t n)
{
	struct iovec here = {buffer, n}, there = {(void *)address, n};
	ssize_t done = process_vm_readv(pid, &here, 1, &there, 1, 0);

	(void)ctx;
	return done == (ssize_t)n ? 0 : done < 0 ? -errno : -EFAULT;
}

struct memory target_memory(void)
{
	return (struct memory){.read = read_memory};
}
