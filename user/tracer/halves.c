/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/halves.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>

enum maps_state {
	MAPS_NOT_YET,
	MAPS_MADE,
	MAPS_NEVER,             /* the first object could not be loaded */
};

/* libbpf calls back with a number that is the same for all objects, so this is the process'. */
static struct {
	pthread_mutex_t lock;
	pthread_cond_t changed;
	enum maps_state state;
} maps = {.lock = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void set_state(enum maps_state state)
{
	pthread_mutex_lock(&maps.lock);
	if (maps.state == MAPS_NOT_YET)
		maps.state = state;
	pthread_cond_broadcast(&maps.changed);
	pthread_mutex_unlock(&maps.lock);
}

static bool wait_for_maps(void)
{
	bool made;

	pthread_mutex_lock(&maps.lock);
	while (maps.state == MAPS_NOT_YET)
		pthread_cond_wait(&maps.changed, &maps.lock);
	made = maps.state == MAPS_MADE;
	pthread_mutex_unlock(&maps.lock);
	return made;
}

static int before_first_program(struct bpf_program *program, struct bpf_prog_load_opts *options, long cookie)
{
	(void)program;
	(void)options;
	(void)cookie;
	set_state(MAPS_MADE);
	return 0;
}

/* Once: when the last one of such handlers is unregistered, libbpf 1.1 goes on to use memory that it has freed. */
int halves_prepare(void)
{
	LIBBPF_OPTS(libbpf_prog_handler_opts, options, .prog_prepare_load_fn = before_first_program);
	static bool registered;
	int r;

	maps.state = MAPS_NOT_YET;
	if (registered)
		return 0;
	r = libbpf_register_prog_handler(HALVES_SECTION, BPF_PROG_TYPE_RAW_TRACEPOINT, 0, &options);
	registered = r >= 0;
	return r < 0 ? r : 0;
}

void halves_split(struct bpf_object *first, struct bpf_object *second, const char *const *moved, size_t n)
{
	struct bpf_program *program, *from, *to;

	bpf_object__for_each_program(program, second)
		bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < n; i++) {
		from = bpf_object__find_program_by_name(first, moved[i]);
		to = bpf_object__find_program_by_name(second, moved[i]);
		bpf_program__set_autoload(to, bpf_program__autoload(from));
		bpf_program__set_autoload(from, false);
	}
}

struct second {
	struct bpf_object_skeleton *skeleton;
	struct bpf_object *first;
	int error;
};

/* Both objects have the same maps in the same order. */
static int share_maps(struct bpf_object *from, struct bpf_object *to)
{
	struct bpf_map *map, *theirs = NULL;
	int r = 0;

	bpf_object__for_each_map(map, to) {
		theirs = bpf_object__next_map(from, theirs);
		r = theirs ? bpf_map__reuse_fd(map, bpf_map__fd(theirs)) : -EINVAL;
		if (r)
			break;
	}
	return r;
}

static void *load_second(void *arg)
{
	struct second *s = arg;

	if (!wait_for_maps())
		return NULL; /* what has failed is the first's to say */
	s->error = share_maps(s->first, *s->skeleton->obj);
	if (!s->error)
		s->error = bpf_object__load_skeleton(s->skeleton);
	return NULL;
}

int halves_load(struct bpf_object_skeleton *first, struct bpf_object_skeleton *second)
{
	struct second s = {.skeleton = second, .first = *first->obj};
	pthread_t thread;
	int r = -pthread_create(&thread, NULL, load_second, &s);

	if (r)
		return r;
	r = bpf_object__load_skeleton(first);
	set_state(r ? MAPS_NEVER : MAPS_MADE);
	pthread_join(thread, NULL);
	return r ?: s.error;
}
