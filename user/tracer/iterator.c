/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/iterator.h"

#include <bpf/bpf.h>
#include <bpf/libbpf.h>
#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"

int iterator_run(struct bpf_program *program)
{
	_cleanup_close_ int fd = -1;
	struct bpf_link *link = bpf_program__attach_iter(program, NULL);
	char buffer[256];
	ssize_t n;
	int r = libbpf_get_error(link);

	if (r)
		return r;
	fd = bpf_iter_create(bpf_link__fd(link));
	while (fd >= 0 && ((n = read(fd, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)))
		;
	r = fd < 0 || n < 0 ? -errno : 0;
	bpf_link__destroy(link);
	return r;
}
