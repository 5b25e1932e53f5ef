/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/asked.h"

bool asked_begin(const struct asked *asked, const struct file_id *file)
{
	const struct file_watch *watch = asked->source->watch;

	return !watch || watch->begin(watch->ctx, file);
}

void asked_end(const struct asked *asked)
{
	const struct file_watch *watch = asked->source->watch;

	if (watch)
		watch->end(watch->ctx);
}
