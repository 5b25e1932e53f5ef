/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/bar.h"

static bool is_wait(enum time_class class)
{
	return class >= TIME_run_queue && class <= TIME_other_wait;
}

size_t bar_order(const struct profile *p, enum time_class ret_order[N_TIME_CLASSES])
{
	const uint64_t *ns = p->time.classes_ns;
	size_t n = 0;

	for (enum time_class c = 0; c < N_TIME_CLASSES; c++) {
		size_t at = n;

		if (!ns[c])
			continue;
		while (is_wait(c) && at && is_wait(ret_order[at - 1]) && ns[c] > ns[ret_order[at - 1]]) {
			ret_order[at] = ret_order[at - 1];
			at--;
		}
		ret_order[at] = c;
		n++;
	}
	return n;
}

bool bar_is_estimated(const struct profile *p, enum time_class class)
{
	return class <= TIME_interrupt || (class == TIME_network && p->time.network_estimated);
}
