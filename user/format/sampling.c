/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/sampling.h"

#include <math.h>
#include <stdlib.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/functions.h"

void sampling_init(struct sampling *s, const struct profile *p)
{
	_cleanup_free_ double *squares = xcalloc(p->work.n_threads, sizeof *squares);

	*s = (struct sampling){.n_threads = p->work.n_threads};
	s->weights = xcalloc(s->n_threads, sizeof *s->weights);
	s->counts = xcalloc(s->n_threads, sizeof *s->counts);
	for (size_t i = 0; i < p->work.n_samples; i++) {
		const struct sample *x = &p->work.samples[i];

		s->weights[x->thread] += x->weight_ns;
		squares[x->thread] += (double)x->weight_ns * x->weight_ns;
	}
	for (size_t i = 0; i < s->n_threads; i++)
		s->counts[i] = squares[i] > 0 ? s->weights[i] * s->weights[i] / squares[i] : 0;
}

void sampling_clear(struct sampling *s)
{
	free(s->weights);
	free(s->counts);
	*s = (struct sampling){0};
}

double sampling_variance(const struct sampling *s, size_t thread, double hit)
{
	double error;

	if (!(s->counts[thread] > 0))
		return 0;
	error = binomial_error(fmin(1, hit / s->weights[thread]), s->counts[thread]) * s->weights[thread];
	return error * error;
}

double sampling_error(const struct sampling *s, const double *hits)
{
	double variance = 0;

	for (size_t i = 0; i < s->n_threads; i++)
		variance += sampling_variance(s, i, hits ? hits[i] : 0);
	return sqrt(variance);
}

double sampling_error_of_none(const struct sampling *s)
{
	return sampling_error(s, NULL);
}
