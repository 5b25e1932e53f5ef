/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Types as Go describes them, laid out in this program as Go's linker does: where members are, before Go 1.19 and since.
 * links: handler/go_types.c symbol/elf.c symbol/elf_symbols.c symbol/mapped.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <unistd.h>

#include "handler/go_types.h"

#define POINTER 22
#define STRUCT 25
#define FLAG 32                 /* of a kind: says how an interface holds it */

/* internal/abi/type.go */
struct type {
	uint64_t size, pointers;
	uint32_t hash;
	uint8_t flags, align, member_align, kind;
	const void *equal, *gc;
	int32_t name, pointer;
	const void *element;    /* of a struct: its package */
	const struct member *members;
	uint64_t n, cap;
};

struct member {
	const char *name;
	const struct type *type;
	uint64_t offset;
};

extern const char __executable_start[];
static const struct type number = {.size = 8, .kind = 2};
static const struct member members[] = {{"\0\3req", &number, 0}, {"\0\6status", &number, 16}, {"\1\4Done", &number, 24}};
static const struct type structure = {.size = 32, .kind = STRUCT, .members = members, .n = 3, .cap = 3};
static const struct member old_members[] = {{"\0\3req", &number, 0}, {"\0\6status", &number, 32 | 1}, {"\1\4Done", &number, 48}};
static const struct type old_structure = {.size = 32, .kind = STRUCT, .members = old_members, .n = 3, .cap = 3};
static const struct type pointer = {.size = 8, .kind = POINTER | FLAG, .element = &structure};
static const struct type broken = {.size = 32, .kind = STRUCT, .members = members, .n = 1ULL << 40};
static const struct {
	const void *interface;
	const struct type *type;
} table = {&number, &pointer};

static uint64_t in_file(const void *object)
{
	return (const char *)object - __executable_start;
}

static int open_self(void **state)
{
	int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);

	*state = fd >= 0 ? elf_file_open(fd) : NULL;
	close(fd);
	return !*state;
}

static int close_self(void **state)
{
	elf_file_close(*state);
	return 0;
}

static void members_are_where_the_program_says(void **state)
{
	struct go_member m;
	uint64_t type;

	assert_true(go_type_of_table(*state, in_file(&table), &type));
	assert_int_equal(type, in_file(&pointer));
	assert_true(go_type_pointed(*state, type, &type));
	assert_int_equal(type, in_file(&structure));
	assert_true(go_type_member(*state, type, "status", &m));
	assert_int_equal(m.offset, 16);
	assert_int_equal(m.type, in_file(&number));
	assert_true(go_type_member(*state, type, "Done", &m));
	assert_int_equal(m.offset, 24);
}

static void older_ones_double_offsets(void **state)
{
	struct go_member m;

	assert_true(go_type_member(*state, in_file(&old_structure), "status", &m));
	assert_int_equal(m.offset, 16);
	assert_true(go_type_member(*state, in_file(&old_structure), "req", &m));
	assert_int_equal(m.offset, 0);
}

static void what_is_not_there_is_not_found(void **state)
{
	struct go_member m;
	uint64_t type;

	assert_false(go_type_member(*state, in_file(&structure), "stat", &m));
	assert_false(go_type_member(*state, in_file(&structure), "", &m));
	assert_false(go_type_member(*state, in_file(&number), "status", &m));
	assert_false(go_type_member(*state, in_file(&broken), "status", &m));
	assert_false(go_type_member(*state, UINT64_MAX - 8, "status", &m));
	assert_false(go_type_pointed(*state, in_file(&structure), &type));
	assert_false(go_type_of_table(*state, 1ULL << 46, &type));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(members_are_where_the_program_says, open_self, close_self),
		cmocka_unit_test_setup_teardown(older_ones_double_offsets, open_self, close_self),
		cmocka_unit_test_setup_teardown(what_is_not_there_is_not_found, open_self, close_self),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
