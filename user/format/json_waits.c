/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/json_waits.h"

/* ---- rows -------------------------------------------------------------------------------------------------------- */

void json_waker(struct json *j, const struct waker *waker)
{
	json_object(j);
	json_key_int(j, "pid", waker->pid);
	json_key_int(j, "tid", waker->tid);
	json_key_string(j, "comm", waker->comm);
	json_key_int(j, "stack", waker->stack);
	json_object_end(j);
}

void json_wait_rows(struct json *j, const struct work *w)
{
	json_array(j);
	for (size_t i = 0; i < w->n_waits; i++) {
		const struct wait *wait = &w->waits[i];

		json_line(j);
		json_object(j);
		json_key_uint(j, "t", wait->t);
		json_key_uint(j, "duration_ns", wait->duration_ns);
		json_key_uint(j, "runnable_ns", wait->runnable_ns);
		json_key_int(j, "thread", wait->thread);
		json_key_int(j, "task", wait->task);
		json_key_int(j, "stack", wait->stack);
		json_key_string(j, "cause", time_class_names[wait->cause]);
		json_key_string(j, "object", wait->object);
		json_key(j, "waker");
		if (wait->has_waker)
			json_waker(j, &wait->waker);
		else
			json_null(j);
		json_object_end(j);
	}
	json_array_end(j);
}
