/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A request of which a test tells the builder what was seen; its profile is checked whenever it is finished. */
#ifndef REQPROF_BUILDER_SCENE_H
#define REQPROF_BUILDER_SCENE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "profile/builder.h"

#define BEGIN 1000
#define READER 0

struct scene {
	struct profile *p;
	struct builder *b;
};

static int open_scene(void **state)
{
	static struct scene s;

	s.p = profile_new();
	s.b = builder_new(s.p);
	memcpy(s.p->request.id, "0a1b2c", 7);
	s.p->request.remote = profile_string(s.p, "127.0.0.1:4000");
	*state = &s;
	return 0;
}

static int close_scene(void **state)
{
	struct scene *s = *state;

	builder_free(s->b);
	profile_free(s->p);
	return 0;
}

static void begin(struct scene *s)
{
	builder_begin(s->b, BEGIN, BEGIN, 0, false);
	builder_bind(s->b, READER, BEGIN, 10, 10, "server", 1, false);
}

/* A wait with the account that goes with it. */
static void wait_for(struct scene *s, uint32_t worker, uint32_t seq, uint64_t out, uint64_t woken, uint64_t in, uint64_t cpu, enum time_class cause)
{
	builder_wait(s->b, worker, &(struct seen_wait){
		.out_ns = out, .woken_ns = woken, .in_ns = in, .cpu_ns = cpu, .seq = seq, .cause = cause, .runnable_class = TIME_run_queue,
		.object = "127.0.0.1:5432", .stack = -1,
	});
}

static void finish(struct scene *s, uint64_t end)
{
	builder_finish(s->b, end);
	assert_null(profile_check(s->p));
}

static uint64_t *classes(struct scene *s)
{
	return s->p->time.classes_ns;
}

#define SCENE(test) cmocka_unit_test_setup_teardown(test, open_scene, close_scene)

#endif
