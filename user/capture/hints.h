/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a user should know who waits for a report that does not come; each is said once. The texts are pure. */
#ifndef REQPROF_HINTS_H
#define REQPROF_HINTS_H

#include <linux/types.h>
#include <stdbool.h>

#include "capture/counters.h"
#include "capture/worker.h"
#include "profile/profile.h"
#include "reqprof.h"

#define HINT_NO_REQUEST_NS 10000000000ULL

struct hints {
	const struct worker_options *options;
	uint32_t near_said;     /* one bit a marker */
	bool no_request_said, refused_by_app_said;
};

void hints_init(struct hints *h, const struct worker_options *options);

/* Each returns a text for the user, which the caller prints and frees, or NULL. */

/* No request for since_start_ns: what came instead. */
char *hint_no_request(struct hints *h, const struct counters *c, uint64_t since_start_ns);
/* A marker's name with another value. */
char *hint_near(struct hints *h, const struct rp_near *near);
/* A report whose request the application may have refused because of the marker. */
char *hint_refused_by_app(struct hints *h, const struct request *r);

#endif
