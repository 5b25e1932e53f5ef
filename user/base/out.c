/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/out.h"

#include <errno.h>
#include <unistd.h>

#include "base/cleanup.h"

static ssize_t put(void *ctx, const char *data, size_t len)
{
	struct out *o = ctx;
	size_t done = 0;

	while (done < len) {
		ssize_t n = write(o->fd, data + done, len - done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			o->error = o->error ?: errno;
			break;
		}
		done += n;
	}
	return done; /* fewer than asked for is an error: fopencookie(3) */
}

static int shut(void *ctx)
{
	struct out *o = ctx;

	return close(TAKE_FD(o->fd));
}

int out_open(struct out *o, int fd)
{
	*o = (struct out){.fd = fd};
	o->stream = fopencookie(o, "w", (cookie_io_functions_t){.write = put, .close = shut});
	if (o->stream)
		return 0;
	close(TAKE_FD(o->fd));
	return -ENOMEM;
}

int out_close(struct out *o)
{
	if (o->stream && fclose(TAKE_PTR(o->stream)) && !o->error)
		o->error = errno;
	return -o->error;
}
