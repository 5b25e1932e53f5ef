/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a futex is, by the functions around the call and the symbol that holds it.
 * links: capture/locks.c base/alloc.c profile/profile.c profile/check.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "base/cleanup.h"
#include "capture/locks.h"
#include "fake_namer.h"

/* A stack of user functions, innermost first, under two kernel frames. */
static int32_t stack_of(struct profile *p, const char *const functions[], size_t n)
{
	static const char *const kernel[] = {"futex_wait_queue", "__schedule"};
	int32_t stack = -1;

	while (n)
		stack = profile_stack(p, stack, profile_frame(p, &(struct frame){.function = functions[--n], .kind = FRAME_native}));
	for (size_t i = 0; i < ARRAY_LEN(kernel); i++)
		stack = profile_stack(p, stack, profile_frame(p, &(struct frame){.function = kernel[i], .kind = FRAME_kernel}));
	return stack;
}

static void kinds(void **state)
{
	static const struct {
		const char *functions[8];
		const char *kind;
	} rows[] = {
		{{"__lll_lock_wait", "work"}, "pthread mutex"},
		{{"futex_wait", "__GI___lll_lock_wait", "___pthread_mutex_lock", "work"}, "pthread mutex"},
		{{"__pthread_mutex_timedlock"}, "pthread mutex"},
		{{"__futex_abstimed_wait_common64", "___pthread_cond_wait", "work"}, "pthread cond"},
		{{"pthread_cond_timedwait@@GLIBC_2.3.2"}, "pthread cond"},
		{{"__lll_lock_wait", "__pthread_mutex_cond_lock", "___pthread_cond_wait"}, "pthread mutex"},
		{{"do_futex_wait", "__new_sem_wait_slow64"}, "semaphore"},
		{{"sem_clockwait", "PyThread_acquire_lock_timed"}, "semaphore"},
		{{"___pthread_rwlock_wrlock"}, "pthread rwlock"},
		{{"__pthread_clockjoin_ex"}, "pthread join"},
		{{"pthread_barrier_wait"}, "pthread barrier"},
		{{"runtime.futex"}, "futex"},
		{{"a", "b", "c", "d", "e", "f", "pthread_mutex_lock"}, "futex"}, /* too far away to be the one that waits */
	};
	struct profile *p = profile_new();

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		size_t n = 0;

		while (n < ARRAY_LEN(rows[i].functions) && rows[i].functions[n])
			n++;
		assert_string_equal(lock_kind(p, stack_of(p, rows[i].functions, n)), rows[i].kind);
	}
	assert_string_equal(lock_kind(p, -1), "futex");
	profile_free(p);
}

static void objects(void **state)
{
	static const char *const mutex[] = {"pthread_mutex_lock", "work"}, *const own[] = {"spin"};
	struct profile *p = profile_new();
	struct lock_name *names = NULL;
	int32_t a = stack_of(p, mutex, 2), b = stack_of(p, own, 1);
	const char *first = lock_object(&names, NULL, p, 42, FAKE_LOCK, a);

	(void)state;
	assert_string_equal(first, "pthread mutex 0x10c4 app_lock");
	assert_ptr_equal(lock_object(&names, NULL, p, 42, FAKE_LOCK, a), first);
	assert_string_equal(lock_object(&names, NULL, p, 42, FAKE_LOCK, b), "futex 0x10c4 app_lock");
	assert_string_equal(lock_object(&names, NULL, p, 42, 0x77, a), "pthread mutex 0x77");
	lock_names_free(&names);
	assert_null(names);
	profile_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(kinds), cmocka_unit_test(objects)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
