/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences as JSON, version 1. Times in ns; medians, their intervals, and whether the difference is beyond the spread. Everything that
 * was compared is in it, not only what differs. */
#include "base/json.h"
#include "format/difference.h"

#define DIFFERENCE_VERSION 1

static void put_number(struct json *j, const char *key, double value)
{
	json_key_int(j, key, (int64_t)(value < 0 ? value - 0.5 : value + 0.5));
}

static void put_spread(struct json *j, const char *key, const struct spread *s)
{
	json_key(j, key);
	json_object(j);
	put_number(j, "median", s->median);
	put_number(j, "low", s->low);
	put_number(j, "high", s->high);
	json_object_end(j);
}

static void put_delta(struct json *j, const char *key, const struct delta *d)
{
	json_key(j, key);
	json_object(j);
	put_spread(j, "a", &d->a);
	put_spread(j, "b", &d->b);
	put_number(j, "change", delta_change(d));
	json_key_bool(j, "beyond_spread", d->beyond);
	json_object_end(j);
}

static void put_side(struct json *j, const char *key, const struct side *side)
{
	json_key(j, key);
	json_object(j);
	json_key_string(j, "name", side->name);
	json_key(j, "requests");
	json_array(j);
	for (size_t i = 0; i < side->n; i++) {
		json_object(j);
		json_key_string(j, "id", side->list[i]->request.id);
		json_key_uint(j, "duration_ns", side->list[i]->time.wall_ns);
		json_object_end(j);
	}
	json_array_end(j);
	json_object_end(j);
}

static void put_frame(struct json *j, const struct frame *frame, uint32_t line)
{
	json_key_string(j, "function", frame ? frame->function : NULL);
	json_key_string(j, "file", frame ? frame->file : NULL);
	json_key_uint(j, "line", line);
	json_key_string(j, "module", frame ? frame->module : NULL);
	json_key_string(j, "kind", frame ? frame_kind_names[frame->kind] : NULL);
}

static void put_functions(struct json *j, const struct difference *d)
{
	json_array(j);
	for (size_t i = 0; i < d->n_functions; i++) {
		const struct function_delta *x = &d->functions[i];

		json_line(j);
		json_object(j);
		put_frame(j, x->frame, x->line);
		put_delta(j, "self_ns", &x->self);
		put_delta(j, "total_ns", &x->total);
		put_delta(j, "wait_ns", &x->wait);
		json_object_end(j);
	}
	json_array_end(j);
}

static void put_waits(struct json *j, const struct difference *d)
{
	json_array(j);
	for (size_t i = 0; i < d->n_waits; i++) {
		const struct wait_delta *w = &d->waits[i];

		json_line(j);
		json_object(j);
		json_key_string(j, "cause", time_class_names[w->cause]);
		json_key_string(j, "object", w->object);
		put_delta(j, "total_ns", &w->total);
		put_delta(j, "count", &w->count);
		put_delta(j, "median_ns", &w->median);
		json_object_end(j);
	}
	json_array_end(j);
}

static const char *const kinds[] = {
	[TREE_ROOT] = "root", [TREE_FRAME] = "frame", [TREE_NO_STACK] = "no_stack", [TREE_WAIT] = "wait", [TREE_AWAIT] = "await",
	[TREE_CLASS] = "class", [TREE_BUSY] = "loop_busy", [TREE_AMBIGUOUS] = "ambiguous",
};

static void put_node(struct json *j, const struct difference *d, const struct difference_node *n)
{
	const struct frame *frame = n->kind == TREE_FRAME ? alike_get_frame(d->alike, n->thing) : NULL;

	json_line(j);
	json_object(j);
	json_key_int(j, "parent", n->parent);
	json_key_string(j, "kind", kinds[n->kind]);
	if (frame) {
		json_key_string(j, "function", frame->function);
		json_key_string(j, "file", frame->file);
		json_key_uint(j, "line", n->line);
	} else if (n->kind != TREE_ROOT && n->kind != TREE_NO_STACK) {
		json_key_string(j, "class", time_class_names[n->class]);
		json_key_string(j, "object", n->thing >= 0 ? alike_get_text(d->alike, n->thing) : NULL);
	}
	put_number(j, "a_mean_ns", n->total.mean_a);
	put_number(j, "b_mean_ns", n->total.mean_b);
	json_key_bool(j, "beyond_spread", n->total.beyond);
	json_object_end(j);
}

static void put_tree(struct json *j, const struct difference *d)
{
	json_array(j);
	for (size_t i = 0; i < d->n_nodes; i++)
		put_node(j, d, &d->nodes[i]);
	json_array_end(j);
}

static void put_difference(struct json *j, const struct difference *d)
{
	json_line(j);
	json_object(j);
	json_key_string(j, "route", d->route);
	put_side(j, "a", &d->a);
	put_side(j, "b", &d->b);
	json_key_bool(j, "beyond_spread", difference_is_any(d));
	put_delta(j, "wall_ns", &d->wall);
	json_line(j);
	json_key(j, "classes_ns");
	json_object(j);
	for (int c = 0; c < N_TIME_CLASSES; c++)
		put_delta(j, time_class_names[c], &d->classes[c]);
	json_object_end(j);
	json_line(j);
	json_key(j, "functions");
	put_functions(j, d);
	json_line(j);
	json_key(j, "waits");
	put_waits(j, d);
	json_line(j);
	json_key(j, "tree");
	put_tree(j, d);
	json_object_end(j);
}

static int write_json(const struct differences *all, FILE *f)
{
	struct json j;

	json_init(&j, f);
	json_object(&j);
	json_key_uint(&j, "reqprof_diff", DIFFERENCE_VERSION);
	json_key(&j, "routes");
	json_array(&j);
	for (size_t i = 0; i < all->n; i++)
		put_difference(&j, all->list[i]);
	json_array_end(&j);
	json_key_string(&j, "only_a", all->only_a);
	json_key_string(&j, "only_b", all->only_b);
	json_object_end(&j);
	fputc('\n', f);
	return 0;
}

const struct difference_format difference_json = {.name = "json", .extension = ".json", .write = write_json};
