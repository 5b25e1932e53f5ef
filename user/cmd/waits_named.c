/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/waits_named.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"

#define NAMED 4 /* objects in a note */
#define OBJECT_COLUMNS 60

int class_named(const char *name)
{
	for (int c = 0; c < N_TIME_CLASSES; c++)
		if (!strcmp(time_class_names[c], name))
			return c;
	return -1;
}

bool class_has_waits(int class)
{
	return (class >= TIME_run_queue && class <= TIME_other_wait) || class == TIME_suspended;
}

static bool is_for(const char *object, const char *name)
{
	return object && !strcmp(object, name);
}

struct collector {
	uint64_t *list;
	size_t n, cap;
};

static void add(struct collector *c, uint64_t ns)
{
	if (!ns)
		return;
	GROW(c->list, c->n, c->cap);
	c->list[c->n++] = ns;
}

static void collect(struct collector *c, const struct profile *p, const char *name, int class)
{
	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];

		if (!name) {
			add(c, w->duration_ns + w->runnable_ns);
			continue;
		}
		if (class >= 0 ? class == (int)w->cause : is_for(w->object, name))
			add(c, w->duration_ns);
		if (class >= 0 ? class == (int)wait_ready_class(w) : is_for(wait_ready_object(w), name))
			add(c, w->runnable_ns);
	}
	for (size_t i = 0; i < p->n_awaits; i++) {
		const struct await *a = &p->awaits[i];

		if (!name || class == TIME_suspended || (class >= 0 ? class == (int)a->cause : is_for(a->object, name)))
			add(c, a->duration_ns);
	}
}

/* ---- what there is instead ------------------------------------------------------------------------------------------ */

static bool is_among(const char *const *list, size_t n, const char *s)
{
	for (size_t i = 0; i < n; i++)
		if (!strcmp(list[i], s))
			return true;
	return false;
}

static char *note_objects(const struct profile *p, const char *name)
{
	const char *objects[NAMED + 1];
	size_t n = 0;
	char *text = xasprintf("nothing waited for %s", name);

	for (size_t i = 0; i < p->work.n_waits && n <= NAMED; i++)
		if (p->work.waits[i].object && !is_among(objects, n, p->work.waits[i].object))
			objects[n++] = p->work.waits[i].object;
	for (size_t i = 0; i < p->n_awaits && n <= NAMED; i++)
		if (p->awaits[i].object && !is_among(objects, n, p->awaits[i].object))
			objects[n++] = p->awaits[i].object;
	for (size_t i = 0; i < n; i++) {
		_cleanup_free_ char *before = text;
		_cleanup_free_ char *object = printable(objects[i], strlen(objects[i]), OBJECT_COLUMNS);

		text = xasprintf("%s%s%s", before, i ? ", " : ", but for ", i < NAMED ? object : "…");
	}
	return text;
}

uint64_t *waits_named(const struct profile *p, const char *name, size_t *ret_n, char **ret_note)
{
	struct collector c = {0};
	int class = name ? class_named(name) : -1;

	collect(&c, p, name, class);
	if (name && class < 0 && !c.n)
		*ret_note = note_objects(p, name);
	*ret_n = c.n;
	return c.list;
}

uint64_t time_of_cause(const struct profile *p, enum time_class class)
{
	uint64_t sum = p->time.classes_ns[class];

	for (size_t i = 0; i < p->n_awaits; i++)
		if (p->awaits[i].cause == class)
			sum += p->awaits[i].suspended_ns;
	return sum;
}

uint64_t time_waited_for(const struct profile *p, const char *object, char **ret_note)
{
	uint64_t sum = 0;

	for (size_t i = 0; i < p->work.n_waits; i++) {
		const struct wait *w = &p->work.waits[i];

		sum += is_for(w->object, object) ? w->duration_ns : 0;
		sum += is_for(wait_ready_object(w), object) ? w->runnable_ns : 0;
	}
	for (size_t i = 0; i < p->n_awaits; i++)
		if (is_for(p->awaits[i].object, object))
			sum += p->awaits[i].suspended_ns;
	if (!sum)
		*ret_note = note_objects(p, object);
	return sum;
}
