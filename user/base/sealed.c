/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/sealed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/cleanup.h"

#define SEALS (F_SEAL_WRITE | F_SEAL_SHRINK | F_SEAL_GROW)

static int write_all(int fd, const void *data, size_t size)
{
	const char *at = data;

	while (size) {
		ssize_t n = write(fd, at, size);

		if (n < 0 && errno != EINTR)
			return -errno;
		if (n > 0) {
			at += n;
			size -= n;
		}
	}
	return 0;
}

int sealed_new(const void *first, size_t first_size, const void *second, size_t second_size)
{
	_cleanup_close_ int fd = memfd_create("reqprof", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r = fd < 0 ? -errno : write_all(fd, first, first_size);

	if (!r)
		r = write_all(fd, second, second_size);
	if (!r && fcntl(fd, F_ADD_SEALS, SEALS))
		r = -errno;
	if (r)
		return r;
	return TAKE_FD(fd);
}

int sealed_map(struct sealed *ret, int fd)
{
	struct stat st;
	int seals = fcntl(fd, F_GET_SEALS);
	void *data;

	if (seals < 0 || (seals & SEALS) != SEALS || fstat(fd, &st) || st.st_size <= 0)
		return -EINVAL;
	data = mmap(NULL, st.st_size, PROT_READ, MAP_SHARED, fd, 0);
	if (data == MAP_FAILED)
		return -errno;
	*ret = (struct sealed){.data = data, .size = st.st_size};
	return 0;
}

void sealed_unmap(struct sealed *s)
{
	munmap((void *)s->data, s->size);
	*s = (struct sealed){0};
}
