/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which tasks are a request's, of those that may be.
 * links: capture/claims.c capture/record.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>

#include "capture/claims.h"
#include "capture/stacks.h"

#define BEGIN 1000

static struct record_log made;

enum kind { OWN, UNCLAIMED, GUESSED };

static void task(uint32_t number, uint32_t parent, enum kind kind)
{
	struct record_task *record = record_add(&made, RECORD_TASK);

	record->t = BEGIN + number;
	record->number = number;
	record->parent = parent;
	record->unclaimed = kind == UNCLAIMED;
	record->guessed = kind == GUESSED;
}

static void writes(uint32_t number, bool others)
{
	struct record_task_claimed *record = record_add(&made, RECORD_TASK_CLAIMED);

	record->task = number;
	record->others = others;
}

/* What each of the n tasks is: its new number, 0 = void. */
static void assert_numbers(const uint32_t *expected, uint32_t n)
{
	struct claims c = claims_find(&made, BEGIN, false);

	assert_int_equal(claims_number(&c, 0), 0);
	for (uint32_t i = 1; i <= n; i++)
		assert_int_equal(claims_number(&c, i), expected[i - 1] ? expected[i - 1] : CLAIMS_VOID);
	claims_free(&c);
	record_log_free(&made);
	made = (struct record_log){0};
}

#define ASSERT_NUMBERS(...) \
	do { \
		const uint32_t expected[] = {__VA_ARGS__}; \
		assert_numbers(expected, sizeof expected / sizeof *expected); \
	} while (0)

static void nothing_to_claim(void **state)
{
	(void)state;
	task(1, 0, OWN);
	task(2, 1, OWN);
	ASSERT_NUMBERS(1, 2, 3); /* the last one was never heard of */
}

static void nobody_has_written(void **state)
{
	(void)state;
	task(1, 0, UNCLAIMED);
	task(2, 1, UNCLAIMED);
	task(3, 0, OWN);
	ASSERT_NUMBERS(0, 0, 1);
}

static void who_has_written_and_what_it_made(void **state)
{
	(void)state;
	task(1, 0, UNCLAIMED);
	task(2, 0, UNCLAIMED);
	task(3, 2, UNCLAIMED);
	task(4, 1, UNCLAIMED);
	task(5, 3, UNCLAIMED);
	writes(2, false);
	ASSERT_NUMBERS(0, 1, 2, 0, 3);
}

static void not_who_has_made_it(void **state)
{
	(void)state;
	task(1, 0, UNCLAIMED);
	task(2, 1, UNCLAIMED);
	task(3, 1, UNCLAIMED);
	writes(2, false);
	ASSERT_NUMBERS(0, 1, 0);
}

static void a_guess_is_right(void **state)
{
	(void)state;
	task(1, 0, GUESSED);
	task(2, 0, UNCLAIMED);
	task(3, 1, GUESSED);
	task(4, 1, GUESSED);
	writes(3, false);
	ASSERT_NUMBERS(1, 0, 2, 3);
}

static void a_guess_is_wrong(void **state)
{
	(void)state;
	task(1, 0, GUESSED);
	task(2, 1, GUESSED);
	task(3, 0, UNCLAIMED);
	writes(3, false);
	ASSERT_NUMBERS(0, 0, 1);
}

static void a_guess_works_for_others_too(void **state)
{
	(void)state;
	task(1, 0, GUESSED);
	task(2, 1, GUESSED);
	task(3, 1, GUESSED);
	task(4, 3, GUESSED);
	writes(2, true);
	writes(3, false);
	ASSERT_NUMBERS(0, 0, 1, 2);
}

static void what_was_lost_is_void(void **state)
{
	(void)state;
	task(1, 0, UNCLAIMED);
	task(3, 2, UNCLAIMED);
	task(4, 9, UNCLAIMED); /* contradicts itself */
	writes(1, false);
	ASSERT_NUMBERS(1, 0, 0, 0, 0);
}

/* The claim came first. */
static void a_guess_is_spoiled_later(void **state)
{
	(void)state;
	task(1, 0, GUESSED);
	task(2, 1, GUESSED);
	task(3, 1, GUESSED);
	writes(2, false);
	writes(1, true);
	ASSERT_NUMBERS(0, 1, 0);
}

/* Whose is what it did until then? */
static void who_claimed_writes_another_response(void **state)
{
	struct claims c;

	(void)state;
	task(1, 0, UNCLAIMED);
	task(2, 1, UNCLAIMED);
	writes(1, false);
	c = claims_find(&made, BEGIN, false);
	assert_false(c.spoiled);
	claims_free(&c);
	writes(1, true);
	c = claims_find(&made, BEGIN, false);
	assert_true(c.spoiled);
	claims_free(&c);
	ASSERT_NUMBERS(0, 0);
}

static void no_record_of_one_came_through(void **state)
{
	struct claims c;

	(void)state;
	task(1, 0, OWN);
	c = claims_find(&made, BEGIN, true);
	assert_int_equal(claims_number(&c, 1), 1);
	assert_int_equal(claims_number(&c, 2), CLAIMS_VOID);
	claims_free(&c);
	record_log_free(&made);
	made = (struct record_log){0};
}

static void who_was_there_before(void **state)
{
	struct claims c;

	(void)state;
	task(1, 0, UNCLAIMED);
	task(2, 1, UNCLAIMED);
	task(3, 0, GUESSED);
	c = claims_find(&made, BEGIN, false);
	assert_true(claims_is_older(&c, 1));
	assert_false(claims_is_older(&c, 2));
	assert_false(claims_is_older(&c, 3));
	assert_false(claims_is_older(&c, 7));
	claims_free(&c);
	record_log_free(&made);
	made = (struct record_log){0};
}

/* A request that joins a group gets all that came before, too. */
static void what_came_before_the_request(void **state)
{
	struct record_task *child;
	struct claims c;

	(void)state;
	task(3, 0, UNCLAIMED);
	task(5, 3, UNCLAIMED);
	child = record_add(&made, RECORD_TASK);
	child->t = BEGIN - 1;
	child->number = 7;
	child->parent = 3;
	child->unclaimed = true;
	writes(3, false);
	c = claims_find(&made, BEGIN, false);
	assert_false(claims_is_void(&c, 3, BEGIN));
	assert_true(claims_is_void(&c, 3, BEGIN - 1));
	assert_false(claims_is_void(&c, 5, BEGIN + 5));
	assert_true(claims_is_void(&c, 7, BEGIN + 5)); /* made for an earlier request */
	assert_true(claims_is_void(&c, 1, BEGIN + 5));
	assert_false(claims_is_void(&c, 0, BEGIN));
	claims_free(&c);
	record_log_free(&made);
	made = (struct record_log){0};
}

static void tick(uint32_t number, struct raw_stack *stack)
{
	struct record_tick *record = record_add(&made, RECORD_TICK);

	record->t = BEGIN + 1;
	record->task = number;
	record->stack = stack;
}

static void stacks_of_others_are_not_used(void **state)
{
	struct raw_stack *stacks = NULL, *list[3];
	struct claims c;

	(void)state;
	for (size_t i = 0; i < 3; i++) {
		list[i] = calloc(1, sizeof **list);
		list[i]->id = i + 1;
		list[i]->used = true;
		HASH_ADD(hh, stacks, id, sizeof list[i]->id, list[i]);
	}
	task(1, 0, UNCLAIMED);
	task(2, 0, UNCLAIMED);
	writes(2, false);
	tick(1, list[0]);
	tick(2, list[1]);
	tick(0, list[2]);
	c = claims_find(&made, BEGIN, false);
	claims_mark_stacks(&c, &made, stacks);
	assert_false(list[0]->used);
	assert_true(list[1]->used);
	assert_true(list[2]->used);
	claims_free(&c);
	record_log_free(&made);
	for (size_t i = 0; i < 3; i++) {
		HASH_DEL(stacks, list[i]);
		free(list[i]);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(nothing_to_claim),
		cmocka_unit_test(nobody_has_written),
		cmocka_unit_test(who_has_written_and_what_it_made),
		cmocka_unit_test(not_who_has_made_it),
		cmocka_unit_test(a_guess_is_right),
		cmocka_unit_test(a_guess_is_wrong),
		cmocka_unit_test(a_guess_works_for_others_too),
		cmocka_unit_test(what_was_lost_is_void),
		cmocka_unit_test(a_guess_is_spoiled_later),
		cmocka_unit_test(who_claimed_writes_another_response),
		cmocka_unit_test(no_record_of_one_came_through),
		cmocka_unit_test(who_was_there_before),
		cmocka_unit_test(what_came_before_the_request),
		cmocka_unit_test(stacks_of_others_are_not_used),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
