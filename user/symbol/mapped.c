/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/mapped.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

/* For the signal handler, which has no other way to know them. */
static struct mapped *all_mapped;

static bool is_mapped(const char *address)
{
	for (const struct mapped *m = all_mapped; m; m = m->next)
		if (address >= m->data && address < m->data + m->size)
			return true;
	return false;
}

/* A page of zeros in the place of the one that the file no longer has; a fault anywhere else is a real one and happens again. */
static void on_sigbus(int sig, siginfo_t *info, void *context)
{
	size_t size = sysconf(_SC_PAGESIZE);
	void *page = (void *)((uintptr_t)info->si_addr & ~(size - 1));
	int saved_errno = errno;

	(void)context;
	if (!is_mapped(info->si_addr) ||
	    mmap(page, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED)
		signal(sig, SIG_DFL);
	errno = saved_errno;
}

static void watch(struct mapped *m)
{
	struct sigaction action = {.sa_sigaction = on_sigbus, .sa_flags = SA_SIGINFO | SA_RESTART};

	sigaction(SIGBUS, &action, NULL);
	m->next = all_mapped;
	all_mapped = m;
}

int mapped_open(struct mapped *m, int fd)
{
	struct stat st;
	void *data;

	if (fstat(fd, &st))
		return -errno;
	if (!S_ISREG(st.st_mode))
		return -EINVAL;
	if (!st.st_size)
		return -ENODATA;
	data = mmap(NULL, st.st_size, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*m = (struct mapped){.data = data, .size = st.st_size};
	watch(m);
	return 0;
}

void mapped_close(struct mapped *m)
{
	struct mapped **link = &all_mapped;

	if (!m->data)
		return;
	while (*link && *link != m)
		link = &(*link)->next;
	if (*link)
		*link = m->next;
	munmap(m->data, m->size);
	m->data = NULL;
}
