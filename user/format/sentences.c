/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/sentences.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/functions.h"
#include "format/names.h"
#include "format/numbers.h"
#include "format/parts.h"
#include "format/wait_groups.h"
#include "profile/own.h"

#define WORTH_A_SENTENCE 20 /* ‰ of the wall time */
#define SELF_PART 4         /* a function is named for its own time if that is this part of all */

struct writer {
	const struct profile *p;
	struct call_tree *tree;
	struct parts parts;
	struct wait_group *groups;
	size_t n_groups;
	int decimals;
	FILE *f;                /* the sentence that is being written */
	struct sentence *sentence;
};

/* ---- on the CPU -------------------------------------------------------------------------------------------------- */

static void put_frame(struct writer *w, int32_t node)
{
	const struct tree_node *n = &w->tree->nodes[node];
	_cleanup_free_ char *name = name_frame(&w->p->frames[n->frame], n->line);

	fputs(name, w->f);
}

/* The function that the hot one calls and most of its time goes through; −1 = none. */
static int32_t heaviest_callee(const struct writer *w)
{
	const struct tree_node *hot = &w->tree->nodes[w->parts.hot_node];
	int32_t most = -1;

	for (uint32_t i = 0; i < hot->n_children; i++) {
		int32_t child = w->tree->children[hot->first_child + i];

		if (w->tree->nodes[child].kind == TREE_FRAME && (most < 0 || w->tree->nodes[child].cpu_ns > w->tree->nodes[most].cpu_ns))
			most = child;
	}
	return most;
}

/* Where no function has much of it in itself: what it calls. Returns whether that says more. */
static bool put_callee(struct writer *w, const struct part *part)
{
	int32_t callee = heaviest_callee(w);
	uint64_t ns = callee < 0 ? 0 : (uint64_t)(w->tree->nodes[callee].cpu_ns * w->parts.cpu_scale);

	if (w->parts.self_ns >= part->ns / SELF_PART || ns <= w->parts.self_ns)
		return false;
	if (ns >= part->ns - part->ns / 100)
		fputs("; nearly all of it in ", w->f);
	else
		fprintf(w->f, "; about %s ms of it in ", number_ms(ns, w->decimals).text);
	put_frame(w, callee);
	return true;
}

static void put_hot(struct writer *w, const struct part *part)
{
	const struct parts *parts = &w->parts;
	int32_t hot_frame = w->tree->nodes[parts->hot_node].frame;
	bool itself = w->tree->nodes[parts->self_node].frame == hot_frame;

	fprintf(w->f, " (%s ms ± %s) on CPU in ", number_ms(part->ns, w->decimals).text, number_error(parts->hot_error_ns, w->decimals).text);
	put_frame(w, parts->hot_node);
	w->sentence->panel = "tree";
	w->sentence->search = name_function(&w->p->frames[hot_frame]);
	if (itself && parts->self_ns >= part->ns - part->ns / 100) {
		fputs(" itself", w->f);
		return;
	}
	if (put_callee(w, part))
		return;
	fputs("; most in ", w->f);
	if (itself)
		fputs("itself", w->f);
	else
		put_frame(w, parts->self_node);
	fprintf(w->f, " (%s ms%s ± %s)", number_ms(parts->self_ns, w->decimals).text, itself ? "" : " self",
		number_error(parts->self_error_ns, w->decimals).text);
}

static void put_other_cpu(struct writer *w, const struct part *part)
{
	int32_t most = part->kind == PART_USER ? w->parts.user_node : w->parts.kernel_node;
	bool rest = part->kind == PART_USER ? w->parts.hot_node >= 0 : w->parts.hot_kernel;

	fprintf(w->f, " (%s ms) on CPU in %s%s", number_ms(part->ns, w->decimals).text, rest ? "other " : part->kind == PART_USER ? "" : "the ",
		part->kind == PART_USER ? "user code" : rest ? "kernel code" : "kernel");
	if (most >= 0) {
		fputs("; most in ", w->f);
		put_frame(w, most);
		w->sentence->search = name_function(&w->p->frames[w->tree->nodes[most].frame]);
	}
	w->sentence->panel = "tree";
}

/* ---- waits ------------------------------------------------------------------------------------------------------- */

static const char *const waiting_phrases[N_TIME_CLASSES] = {
	[TIME_interrupt] = "in interrupts", [TIME_run_queue] = "ready but no CPU", [TIME_throttled] = "throttled by cgroup, its CPU quota used up",
	[TIME_stopped] = "stopped by a signal or a debugger", [TIME_gil] = "waiting for the GIL", [TIME_lock] = "waiting for a lock",
	[TIME_disk] = "waiting for the disk", [TIME_network] = "waiting for the network", [TIME_sleep] = "sleeping",
	[TIME_page_fault] = "waiting for page faults", [TIME_child] = "waiting for a child process", [TIME_ipc] = "waiting for a pipe or signal",
	[TIME_other_wait] = "in other waits", [TIME_loop_busy] = "ready, but its event loop was busy with others",
	[TIME_suspended] = "awaiting something that had not happened",
};

/* The heaviest group of a cause; *ret_total, *ret_count: of all its groups, *ret_n their number. */
static const struct wait_group *find_groups(const struct writer *w, enum time_class cause, uint64_t *ret_total, size_t *ret_count, size_t *ret_n)
{
	const struct wait_group *first = NULL;

	*ret_total = *ret_count = *ret_n = 0;
	for (size_t i = 0; i < w->n_groups; i++) {
		if (w->groups[i].cause != cause)
			continue;
		if (!first)
			first = &w->groups[i];
		*ret_total += w->groups[i].total_ns;
		*ret_count += w->groups[i].count;
		++*ret_n;
	}
	return first;
}

static bool is_local(const char *address)
{
	return !strncmp(address, "127.", 4) || !strncmp(address, "[::1]", 5) || !strncmp(address, "unix:", 5);
}

/* A peer on this machine is who woke its waits; what woke waits for other machines says nothing of them. */
static void put_peer(struct writer *w, const struct wait_group *g)
{
	_cleanup_free_ char *comm = NULL;

	if (g->cause != TIME_network || !g->sole_waker || !g->woken->waker.pid || !is_local(g->object))
		return;
	comm = name_text(g->woken->waker.comm, NAME_COLUMNS);
	fprintf(w->f, " (%s, pid %d)", comm, g->woken->waker.pid);
}

static void put_object(struct writer *w, const struct wait_group *g)
{
	_cleanup_free_ char *object = NULL;

	if (!g->object)
		return;
	object = name_text(g->object, NAME_COLUMNS);
	if (g->cause == TIME_gil)
		fprintf(w->f, ", held by %s", object);
	else
		fprintf(w->f, g->cause == TIME_network ? " for %s" : " (%s)", object);
	put_peer(w, g);
	w->sentence->search = TAKE_PTR(object);
}

static void put_times(struct writer *w, const struct wait_group *g)
{
	const char *one = g->cause == TIME_run_queue || g->cause == TIME_throttled ? "time" : "wait";
	const char *many = g->cause == TIME_run_queue || g->cause == TIME_throttled ? "times" : "waits";

	fprintf(w->f, "%s", number_count(g->count, one, many).text);
	if (g->count > 2)
		fprintf(w->f, ", median %s ms", number_ms(g->median_ns, w->decimals).text);
	if (g->count > 1)
		fprintf(w->f, ", longest %s ms", number_ms(g->longest_ns, w->decimals).text);
	if (g->from >= 0) {
		_cleanup_free_ char *from = name_frame(&w->p->frames[g->from], w->p->frames[g->from].line);

		fprintf(w->f, ", %sfrom %s", g->cause == TIME_run_queue ? "mostly " : "", from);
	}
}

/* Where the recorded waits are not the whole story. */
static void put_difference(struct writer *w, const struct part *part, uint64_t recorded_ns)
{
	uint64_t missing = unrecorded_ns(w->p, part->class);

	if (recorded_ns > part->ns)
		fprintf(w->f, "; %s ms in all, partly beside other work of this request", number_ms(recorded_ns, w->decimals).text);
	else if (missing && part->class == TIME_network && w->p->time.network_estimated)
		fprintf(w->f, "; about %s ms of it for the client to finish its request line", number_ms(missing, w->decimals).text);
	else if (missing > part->ns / 100 && w->p->lost.waits)
		fprintf(w->f, "; %s ms of it in waits that were not recorded one by one", number_ms(missing, w->decimals).text);
}

/* The awaits that stand for most of the time, or NULL. */
static const struct tree_node *longest_await(const struct writer *w)
{
	const struct tree_node *most = NULL;

	for (size_t i = 0; i < w->tree->n; i++)
		if (w->tree->nodes[i].kind == TREE_AWAIT && (!most || w->tree->nodes[i].wait_ns > most->wait_ns))
			most = &w->tree->nodes[i];
	return most;
}

/* The program's own function above a node, else the nearest one; 0 = none. */
static int32_t own_caller(const struct writer *w, int32_t parent)
{
	for (int32_t node = parent; node > 0; node = w->tree->nodes[node].parent)
		if (frame_is_own(&w->p->frames[w->tree->nodes[node].frame]))
			return node;
	return parent;
}

static void put_await(struct writer *w, const struct tree_node *node, uint64_t all_ns)
{
	int32_t caller = own_caller(w, node->parent);
	_cleanup_free_ char *object = node->object ? name_text(node->object, NAME_COLUMNS) : NULL;

	fprintf(w->f, "awaiting: %s%s%s%s, ", node->wait_ns < all_ns ? "most " : "", time_class_labels[node->class], object ? " " : "",
		object ? object : "");
	if (node->wait_ns < all_ns)
		fprintf(w->f, "%s ms in ", number_ms(node->wait_ns, w->decimals).text);
	fputs(number_count(node->count, "await", "awaits").text, w->f);
	if (caller > 0) {
		fputs(" in ", w->f);
		put_frame(w, caller);
	}
	w->sentence->search = TAKE_PTR(object);
	w->sentence->panel = "tree";
}

/* What the loop did for most of the time. */
static void put_loop_busy(struct writer *w, uint64_t all_ns)
{
	const struct loop_busy *most = &w->p->loop_busy[0];
	_cleanup_free_ char *what = name_loop_busy(most);

	fprintf(w->f, "%s: ", waiting_phrases[TIME_loop_busy]);
	if (most->duration_ns < all_ns)
		fprintf(w->f, "most, %s ms, ", number_ms(most->duration_ns, w->decimals).text);
	fputs(what, w->f);
	w->sentence->panel = "tree";
}

static void put_wait(struct writer *w, const struct part *part)
{
	const struct tree_node *await = part->class == TIME_suspended ? longest_await(w) : NULL;
	uint64_t total;
	size_t count, n;
	const struct wait_group *g = find_groups(w, part->class, &total, &count, &n);

	fprintf(w->f, " (%s ms) ", number_ms(part->ns, w->decimals).text);
	if (await) {
		put_await(w, await, part->ns);
		return;
	}
	if (part->class == TIME_loop_busy && w->p->n_loop_busy) {
		put_loop_busy(w, part->ns);
		return;
	}
	if (!n && part->class == TIME_network && w->p->time.network_estimated) {
		fputs("waiting for the client to finish its request line (estimated)", w->f);
		return;
	}
	fputs(part->class == TIME_network && n == 1 && g->object ? "waiting" : waiting_phrases[part->class], w->f);
	if (n > 1)
		fprintf(w->f, ": %s; most", number_count(count, "wait", "waits").text);
	if (n) {
		put_object(w, g);
		fputs(n == 1 ? ": " : ", ", w->f);
		if (n > 1)
			fprintf(w->f, "%s ms in ", number_ms(g->total_ns, w->decimals).text);
		put_times(w, g);
	}
	put_difference(w, part, total);
	w->sentence->panel = n ? "waits" : NULL;
}

/* ---- what is not known ------------------------------------------------------------------------------------------- */

static void put_ambiguous(struct writer *w, const struct part *part)
{
	fprintf(w->f, " (%s ms) ambiguous: ", number_ms(part->ns, w->decimals).text);
	fputs(w->p->work.n_threads ? "the thread returned to its event loop and other work may have run"
				   : "its thread had other requests open, and their work cannot be told from its own", w->f);
	if (w->p->time.in_flight_max > 1)
		fprintf(w->f, "; %s in flight", number_count(w->p->time.in_flight_max - 1, "other request was", "other requests were").text);
	w->sentence->panel = "about";
}

static void put_part(struct writer *w, const struct part *part)
{
	switch (part->kind) {
	case PART_HOT:
		put_hot(w, part);
		break;
	case PART_USER:
	case PART_KERNEL:
		put_other_cpu(w, part);
		break;
	case PART_NO_STACK:
		fprintf(w->f, " (%s ms) on CPU, stack unknown", number_ms(part->ns, w->decimals).text);
		w->sentence->panel = "about";
		break;
	case PART_CLASS:
		put_wait(w, part);
		break;
	case PART_AMBIGUOUS:
		put_ambiguous(w, part);
		break;
	case PART_UNKNOWN:
		fprintf(w->f, " (%s ms) unknown: no event says what happened then", number_ms(part->ns, w->decimals).text);
		w->sentence->panel = "about";
		break;
	}
}

/* ---- all of it --------------------------------------------------------------------------------------------------- */

static char *close_text(FILE *f, char **text)
{
	fclose(f);
	return *text;
}

static FILE *open_text(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	if (!f)
		abort(); /* out of memory, nothing else */
	return f;
}

static void add_sentence(struct writer *w, struct sentences *s, const struct part *part)
{
	char *text = NULL;
	size_t len;

	w->sentence = &s->list[s->n++];
	*w->sentence = (struct sentence){.class = part->class, .permille = part->permille, .ns = part->ns};
	w->sentence->share = xasprintf("%s %%", number_permille(part->permille).text);
	w->f = open_text(&text, &len);
	put_part(w, part);
	w->sentence->text = close_text(w->f, &text);
}

static const char *rest_word(const struct writer *w, const struct part *part)
{
	switch (part->kind) {
	case PART_HOT:
		return "on CPU";
	case PART_USER:
		return w->parts.hot_node >= 0 ? "other user code" : "user code";
	case PART_KERNEL:
		return w->parts.hot_kernel ? "other kernel code" : "kernel";
	case PART_NO_STACK:
		return "on CPU, stack unknown";
	case PART_AMBIGUOUS:
		return "ambiguous";
	default:
		return time_class_words[part->class];
	}
}

/* "Remaining 4.6 %: kernel 1.7, other user code 1.4 …", of parts [first, n). */
static void add_rest(struct writer *w, struct sentences *s, size_t first)
{
	struct sentence *rest = &s->list[s->n];
	char *text = NULL;
	size_t len;
	FILE *f;

	if (first == w->parts.n)
		return;
	*rest = (struct sentence){.class = N_TIME_CLASSES};
	f = open_text(&text, &len);
	for (size_t i = first; i < w->parts.n; i++) {
		const struct part *part = &w->parts.list[i];

		fprintf(f, "%s%s %s", i == first ? ": " : ", ", rest_word(w, part), part->permille ? number_permille(part->permille).text : "<0.1");
		rest->permille += part->permille;
		rest->ns += part->ns;
	}
	rest->text = close_text(f, &text);
	rest->share = xasprintf("Remaining %s %%", rest->permille ? number_permille(rest->permille).text : "<0.1");
	s->n++;
}

void sentences_make(const struct profile *p, struct sentences *ret)
{
	_cleanup_free_ int32_t *merged = frames_merge(p);
	struct writer w = {.p = p, .tree = call_tree_new(p, merged), .decimals = number_decimals(p->time.wall_ns)};
	size_t i = 0;

	*ret = (struct sentences){0};
	w.groups = wait_groups(p, &w.n_groups);
	parts_find(p, w.tree, &w.parts);
	while (i < w.parts.n && i < SENTENCES_MAX - 1 && (!i || w.parts.list[i].permille >= WORTH_A_SENTENCE))
		add_sentence(&w, ret, &w.parts.list[i++]);
	add_rest(&w, ret, i);
	free(w.groups);
	call_tree_free(w.tree);
}

void sentences_clear(struct sentences *s)
{
	for (size_t i = 0; i < s->n; i++) {
		free(s->list[i].share);
		free(s->list[i].text);
		free(s->list[i].search);
	}
	s->n = 0;
}
