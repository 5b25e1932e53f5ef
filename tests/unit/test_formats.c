/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Every format takes every profile that keeps the model's promises: random ones, in which anything that may be missing is missing somewhere.
 * What a format says of known profiles: tests/golden.
 *
 * links: format/bar.c format/call_tree.c format/carried.c format/columns.c format/facts.c format/folded.c
 * links: format/formats.c format/functions.c format/html.c
 * links: format/html_about.c format/html_data.c format/html_panels.c format/html_screen.c format/html_text.c format/json.c format/json_sources.c
 * links: format/json_waits.c format/page_columns.c format/page_tables.c
 * links: format/gecko.c format/gecko_markers.c format/gecko_tables.c format/gzip.c
 * links: format/lanes.c format/numbering.c format/pprof.c
 * links: format/names.c format/numbers.c format/outline.c format/speedscope.c gen/pprof.pb-c.c
 * links: format/parts.c format/sentences.c format/text.c format/text_tables.c format/wait_groups.c html/embed.S
 * links: format/alike.c format/cells.c format/difference.c format/difference_html.c format/difference_icicle.c format/difference_json.c
 * links: format/difference_outline.c format/difference_formats.c format/difference_tables.c format/difference_text.c format/difference_tree.c
 * links: format/difference_words.c format/sampling.c format/spread.c profile/join.c profile/merge.c profile/redact.c profile/scrub.c
 * links: profile/profile.c profile/own.c profile/check.c profile/route.c base/alloc.c base/json.c base/base64.c base/sha256.c base/printable.c
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/cleanup.h"
#include "format/difference.h"
#include "format/format.h"
#include "profile/merge.h"
#include "profile/redact.h"

#define ROUNDS 400

static unsigned below(unsigned n)
{
	return n ? (unsigned)rand() % n : 0;
}

static const char *any_string(struct profile *p)
{
	static const char *const strings[] = {
		NULL, NULL, "", "f", "serialize", "<script>alert(1)</script>", "\"'&\\", "\x1b[31m", "\xff\xfe", "caf\xc3\xa9 \xe2\x80\xae", "/usr/lib/libc.so.6",
		"127.0.0.1:5432", "a_name_that_is_longer_than_any_column_of_any_table_could_ever_be_and_goes_on_and_on_and_on_and_on_and_on_and_on",
	};

	return profile_string(p, strings[below(sizeof strings / sizeof *strings)]);
}

static void add_stacks(struct profile *p)
{
	for (unsigned n = below(40); n--;) {
		const char *function = any_string(p);

		profile_frame(p, &(struct frame){function ? function : "f", any_string(p), any_string(p), below(100), below(N_FRAME_KINDS), below(2)});
	}
	for (unsigned n = p->n_frames ? below(200) : 0; n--;)
		profile_stack(p, below(4) ? (int)p->n_stacks - 1 : (int)below(p->n_stacks + 1) - 1, below(p->n_frames));
}

static int32_t any_stack(const struct profile *p)
{
	return (int32_t)below(p->n_stacks + 1) - 1;
}

static void add_threads(struct profile *p)
{
	for (unsigned n = below(4); n--;)
		*work_add_thread(&p->work) = (struct thread){1, 1 + n, any_string(p), any_string(p), 0, 0, -1};
}

static void add_samples(struct profile *p)
{
	uint64_t t = 0;

	for (unsigned n = p->work.n_threads ? below(50) : 0; n-- && t < p->time.wall_ns; t += below(100000000)) {
		uint32_t thread = below(p->work.n_threads), weight = below(2) * below(2000000);

		*work_add_sample(&p->work) = (struct sample){t, weight, thread, -1, any_stack(p), 1 + below(4), below(2), below(2)};
		p->work.threads[thread].cpu_ns += weight;
	}
}

static void add_waits(struct profile *p)
{
	uint64_t t = 0;

	for (unsigned n = p->work.n_threads ? below(50) : 0; n--;) {
		uint32_t thread = below(p->work.n_threads), duration = below(2) * below(20000000), runnable = below(2) * below(1000000);
		enum time_class cause = TIME_run_queue + below(TIME_other_wait - TIME_run_queue + 1);

		if (t + duration + runnable > p->time.wall_ns)
			break;
		*work_add_wait(&p->work) = (struct wait){t, duration, runnable, thread, -1, any_stack(p), cause, any_string(p),
							 below(2), {below(2), below(9), any_string(p), any_stack(p)}};
		p->work.threads[thread].wait_ns += duration;
		t += below(30000000);
	}
}

static void split(struct time_split *t)
{
	t->wall_ns = below(4) ? below(2000000000) : below(3);
	for (int i = 0; i < N_TIME_CLASSES - 1; i++) {
		uint64_t left = t->wall_ns, share;

		for (int k = 0; k < i; k++)
			left -= t->classes_ns[k];
		share = below(3) ? 0 : below(left + 1);
		t->classes_ns[i] = share;
	}
	t->classes_ns[TIME_unknown] = t->wall_ns;
	for (int i = 0; i < N_TIME_CLASSES - 1; i++)
		t->classes_ns[TIME_unknown] -= t->classes_ns[i];
	t->ambiguous_ns = below(t->classes_ns[TIME_unknown] + 1);
	t->socket_queue_ns = (int)below(3) - 1;
	t->network_estimated = below(2);
	t->in_flight_max = below(4);
}

static struct profile *any_profile(void)
{
	struct profile *p = profile_new();
	struct request *r = &p->request;

	memcpy(r->id, "3f2a91", 7);
	r->method = any_string(p);
	r->target = any_string(p);
	r->http_version = any_string(p);
	r->local = any_string(p);
	r->remote = any_string(p);
	r->marker = any_string(p);
	r->comm = any_string(p);
	r->status = (int)below(600) - 1;
	r->utc_offset_s = (int)below(20) * 900 - 9000;
	r->begin = below(2);
	r->end = below(3);
	split(&p->time);
	add_stacks(p);
	add_threads(p);
	add_samples(p);
	add_waits(p);
	p->lost.samples = below(2) * below(9);
	p->lost.stacks_truncated = below(2) * below(9);
	p->about.command = any_string(p);
	p->about.host = any_string(p);
	p->about.interval_ns = 1000000;
	return p;
}

static size_t count(const char *text, const char *word)
{
	size_t n = 0;

	while ((text = strstr(text, word))) {
		text += strlen(word);
		n++;
	}
	return n;
}

/* The page's own elements: whatever the profile holds, there are no others. */
static const char *const elements[] = {"<script", "</script", "<style", "<title", "<h1"};

static void every_format_takes_every_profile(void **state)
{
	(void)state;
	srand(7);
	for (int round = 0; round < ROUNDS; round++) {
		struct profile *p = any_profile();

		assert_null(profile_check(p));
		for (size_t i = 0; formats[i]; i++) {
			_cleanup_free_ char *text = NULL;
			static size_t seen[sizeof elements / sizeof *elements];
			size_t n;
			FILE *f = open_memstream(&text, &n);

			assert_int_equal(formats[i]->write(p, f), 0);
			fclose(f);
			if (!formats[i]->binary)
				assert_int_equal(strlen(text), n);
			for (size_t k = 0; formats[i] == &format_html && k < sizeof elements / sizeof *elements; k++) {
				if (!round)
					seen[k] = count(text, elements[k]);
				assert_int_equal(count(text, elements[k]), seen[k]);
			}
		}
		profile_free(p);
	}
}

/* What is made of profiles that keep the promises keeps them too. */
static void what_is_made_of_profiles_is_one(void **state)
{
	(void)state;
	srand(8);
	for (int round = 0; round < ROUNDS; round++) {
		struct profile *list[] = {any_profile(), any_profile(), any_profile()}, *merged, *redacted;
		size_t n = 1 + below(3);
		const char *why;

		merged = profile_merge((const struct profile *const *)list, n, &why);
		assert_null(why);
		assert_null(profile_check(merged));
		redacted = profile_redact(merged);
		assert_null(profile_check(redacted));
		assert_int_equal(redacted->n_merged, n);
		for (size_t i = 0; i < 3; i++)
			profile_free(list[i]);
		profile_free(merged);
		profile_free(redacted);
	}
}

static void any_profiles_can_be_compared(void **state)
{
	(void)state;
	srand(9);
	for (int round = 0; round < ROUNDS / 4; round++) {
		struct profile *list[] = {any_profile(), any_profile(), any_profile(), any_profile()};
		struct side a = {"a", (const struct profile *const *)list, 1 + below(2)}, b = {"b", (const struct profile *const *)list + 2, 1 + below(2)};
		struct difference *d = difference_new("GET /", &a, &b);

		for (size_t i = 0; difference_formats[i]; i++) {
			_cleanup_free_ char *text = NULL;
			size_t n;
			FILE *f = open_memstream(&text, &n);

			assert_int_equal(difference_formats[i]->write(&(struct differences){.list = &d, .n = 1}, f), 0);
			fclose(f);
			assert_int_equal(strlen(text), n);
			assert_int_equal(difference_formats[i] == &difference_html ? count(text, "<script") + count(text, "nan") : 0, 0);
		}
		difference_free(d);
		for (size_t i = 0; i < 4; i++)
			profile_free(list[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_format_takes_every_profile), cmocka_unit_test(what_is_made_of_profiles_is_one),
		cmocka_unit_test(any_profiles_can_be_compared),
	};

	return cmocka_run_group_tests_name("formats", tests, NULL, NULL);
}
