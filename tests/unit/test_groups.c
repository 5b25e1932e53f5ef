/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What is recorded for several requests together: who gets which events.
 * links: capture/groups.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "capture/groups.h"
#include "capture/live_record.h"

#define GROUP (RP_GROUP | 1)
#define OTHER_GROUP (RP_GROUP | 2)

static struct live live;
static struct live_request requests[3];
static char given[512]; /* "request:type.task@t " of each event that a request got */

struct live_request *live_find(struct live *l, uint32_t serial)
{
	for (struct live_request *r = l->requests; r; r = r->next)
		if (r->serial == serial)
			return r;
	return NULL;
}

bool live_record(struct live *l, struct live_request *r, const struct rp_event *e)
{
	size_t n = strlen(given);

	assert_ptr_equal(l, &live);
	snprintf(given + n, sizeof given - n, "%u:%u.%u@%d ", r->serial, e->type, e->task, (int)e->t);
	return true;
}

static int setup(void **state)
{
	(void)state;
	live = (struct live){.requests = requests};
	for (uint32_t i = 0; i < ARRAY_LEN(requests); i++)
		requests[i] = (struct live_request){.serial = i + 1, .next = i + 1 < ARRAY_LEN(requests) ? &requests[i + 1] : NULL};
	*given = '\0';
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	groups_free(&live);
	return 0;
}

static bool event(int type, uint32_t request, uint32_t task, uint64_t t)
{
	const struct rp_event e = {.type = type, .len = sizeof e, .request = request, .task = task, .t = t};

	return groups_event(&live, &e);
}

/* One of an odd length, as long as a page. */
static void long_event(uint32_t request, uint64_t t)
{
	uint8_t bytes[4097] = {0};
	const struct rp_event e = {.type = RP_EV_STACK, .len = sizeof bytes, .request = request, .t = t};

	memcpy(bytes, &e, sizeof e);
	assert_true(groups_event(&live, (const struct rp_event *)bytes));
}

static void join(uint32_t request, uint32_t group)
{
	assert_true(event(RP_EV_GROUP, request, group, 0));
}

#define ASSERT_GIVEN(text) \
	do { \
		assert_string_equal(given, text); \
		*given = '\0'; \
	} while (0)

static void what_came_before_and_after(void **state)
{
	(void)state;
	join(1, GROUP);
	assert_true(event(RP_EV_BIND, GROUP, 3, 10));
	long_event(GROUP, 11);
	ASSERT_GIVEN("1:2.3@10 1:6.1@11 ");
	join(2, GROUP);
	ASSERT_GIVEN("2:2.3@10 2:6.1@11 ");
	assert_true(event(RP_EV_TICK, GROUP, 5, 12));
	ASSERT_GIVEN("1:4.5@12 2:4.5@12 ");
}

static void a_task_that_is_none_is_nobodys(void **state)
{
	(void)state;
	join(1, GROUP);
	assert_true(event(RP_EV_TICK, GROUP, 0, 10));
	ASSERT_GIVEN("1:4.1@10 ");
}

static void others(void **state)
{
	(void)state;
	join(1, GROUP);
	join(3, OTHER_GROUP);
	assert_true(event(RP_EV_TICK, GROUP, 3, 10));
	assert_true(event(RP_EV_TICK, OTHER_GROUP, 3, 11));
	assert_true(event(RP_EV_TICK, RP_GROUP | 7, 3, 12)); /* nobody has said that there is one */
	ASSERT_GIVEN("1:4.3@10 3:4.3@11 ");
	assert_false(event(RP_EV_TICK, 1, 3, 12));
	join(9, GROUP);
	ASSERT_GIVEN("");
}

static void over(void **state)
{
	(void)state;
	join(1, GROUP);
	join(3, OTHER_GROUP);
	assert_true(event(RP_EV_GROUP_END, GROUP, 0, 10));
	assert_true(event(RP_EV_GROUP_END, GROUP, 0, 10));
	assert_true(event(RP_EV_TICK, GROUP, 3, 11));
	ASSERT_GIVEN("");
	assert_true(event(RP_EV_TICK, OTHER_GROUP, 3, 12));
	ASSERT_GIVEN("3:4.3@12 ");
}

/* Those that are in it go on; what joins cannot have all of it. */
static void too_much(void **state)
{
	(void)state;
	join(1, GROUP);
	for (unsigned int i = 0; i < (64U << 20) / 4104 + 1; i++) {
		long_event(GROUP, 1);
		*given = '\0';
	}
	assert_true(event(RP_EV_TICK, GROUP, 3, 10));
	join(2, GROUP);
	assert_true(event(RP_EV_TICK, GROUP, 3, 11));
	ASSERT_GIVEN("1:4.3@10 1:4.3@11 ");
	assert_true(requests[1].lacks_group);
	assert_false(requests[0].lacks_group);
}

static void too_much_for_one(void **state)
{
	(void)state;
	join(1, GROUP);
	requests[0].n_shared = 1000000 - 1;
	assert_true(event(RP_EV_TICK, GROUP, 3, 10));
	ASSERT_GIVEN("1:4.3@10 ");
	assert_false(requests[0].lacks_group);
	assert_true(event(RP_EV_TICK, GROUP, 3, 11));
	ASSERT_GIVEN("");
	assert_true(requests[0].lacks_group);
}

static void once(void **state)
{
	(void)state;
	join(1, GROUP);
	assert_true(event(RP_EV_TICK, GROUP, 3, 10));
	join(1, GROUP);
	ASSERT_GIVEN("1:4.3@10 ");
}

static void ends_that_were_lost(void **state)
{
	unsigned int n = 0;

	(void)state;
	for (uint32_t i = 1; i <= 100; i++)
		join(1, RP_GROUP | i);
	for (const void *const *g = (const void *const *)live.groups; g; g = *g) /* `next` comes first */
		n++;
	assert_in_range(n, 1, 2 * RP_GROUPS);
	assert_true(event(RP_EV_TICK, RP_GROUP | 100, 3, 10));
	ASSERT_GIVEN("1:4.3@10 ");
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(what_came_before_and_after), TEST(a_task_that_is_none_is_nobodys), TEST(others), TEST(over), TEST(too_much),
		TEST(too_much_for_one), TEST(once), TEST(ends_that_were_lost),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
