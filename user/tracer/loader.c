/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/loader.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"

static void *load(void *arg)
{
	struct loader *l = arg;
	uint64_t one = 1;

	l->session = session_new(l->options);
	l->error = l->session ? 0 : errno;
	if (write(l->done, &one, sizeof one) < 0)
		log_debug("the loading thread cannot say that it has ended: %s", strerror(errno)); /* it is waited for nevertheless */
	return NULL;
}

int loader_start(struct loader *l, const struct tracer_options *options)
{
	int r;

	*l = (struct loader){.options = options, .done = eventfd(0, EFD_CLOEXEC)};
	r = l->done < 0 ? errno : pthread_create(&l->thread, NULL, load, l);
	if (!r)
		return 0;
	if (l->done >= 0)
		close(l->done);
	log_error("cannot start the thread that loads the BPF programs: %s", strerror(r));
	return -r;
}

struct session *loader_finish(struct loader *l)
{
	pthread_join(l->thread, NULL);
	close(l->done);
	errno = l->error;
	return l->session;
}
