/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How far the samples of one profile can be trusted, for many shares of them at once (format/functions.h: for one). */
#ifndef REQPROF_SAMPLING_H
#define REQPROF_SAMPLING_H

#include "profile/profile.h"

struct sampling {
	size_t n_threads;
	double *weights;        /* ns, by thread */
	double *counts;         /* effective numbers of samples */
};

void sampling_init(struct sampling *s, const struct profile *p);
void sampling_clear(struct sampling *s);

/* Half the width, in ns, of the 95 % interval of the time of which each thread has hits[thread] ns. */
double sampling_error(const struct sampling *s, const double *hits);
double sampling_variance(const struct sampling *s, size_t thread, double hit); /* one thread's part of its square */
double sampling_error_of_none(const struct sampling *s); /* of what no sample hit */

#endif
