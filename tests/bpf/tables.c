/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The unwinding tables in BPF memory: what is refused, the budget, and who is thrown out when it is used up.
 *
 * links: tracer/tables.c tracer/cells.c tracer/pieces.c base/sealed.c base/alloc.c
 */
#include <bpf/bpf.h>
#include <errno.h>
#include <linux/types.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/protocol.h"
#include "base/sealed.h"
#include "reqprof.h"
#include "tracer/tables.h"

#define ROWS 60000              /* of one executable: half a chunk */
#define BUDGET (2 * sizeof(struct rp_chunk))
#define GRACE_US 1100000        /* tables.c: a table is in use for so long after it was replaced */

static int chunks, spaces;
static struct tables *tables;

static int make(void **state)
{
	LIBBPF_OPTS(bpf_map_create_opts, mmapable, .map_flags = BPF_F_MMAPABLE);
	LIBBPF_OPTS(bpf_map_create_opts, outer);
	int inner = bpf_map_create(BPF_MAP_TYPE_ARRAY, "inner", 4, sizeof(struct rp_chunk), 1, &mmapable);

	(void)state;
	outer.inner_map_fd = inner;
	chunks = bpf_map_create(BPF_MAP_TYPE_ARRAY_OF_MAPS, "chunks", 4, 4, RP_CHUNKS_MAX, &outer);
	spaces = bpf_map_create(BPF_MAP_TYPE_HASH, "spaces", 4, sizeof(struct rp_space), 16, NULL);
	close(inner);
	tables = tables_new(BUDGET);
	return chunks < 0 || spaces < 0 || tables_publish(tables, chunks, spaces);
}

static int destroy(void **state)
{
	(void)state;
	tables_free(tables);
	close(chunks);
	close(spaces);
	return 0;
}

static int add_rows(uint64_t id, size_t n, bool ascending)
{
	const struct msg_rows header = {.base = 0x1000};
	_cleanup_free_ struct rp_row *rows = xcalloc(n, sizeof *rows);
	_cleanup_close_ int fd = -1;

	for (size_t i = 0; i < n; i++)
		rows[i] = (struct rp_row){.pc = ascending ? 16 * i : 16 * (n - i), .cfa = 1, .rule = RP_ROW_RSP};
	fd = sealed_new(&header, sizeof header, rows, n * sizeof *rows);
	return tables_add_rows(tables, id, fd);
}

static int set_texts(pid_t pid, const struct msg_text *texts, size_t n)
{
	_cleanup_close_ int fd = sealed_new(texts, n * sizeof *texts, NULL, 0);

	return tables_set_texts(tables, pid, fd);
}

static int map_executable(pid_t pid, uint64_t id)
{
	return set_texts(pid, &(struct msg_text){.start = 0x400000, .end = 0x800000, .bias = 0x3ff000, .executable = id}, 1);
}

static struct rp_space space_of(uint32_t pid)
{
	struct rp_space space = {0};

	bpf_map_lookup_elem(spaces, &pid, &space);
	return space;
}

static void what_does_not_fit_is_refused(void **state)
{
	const struct msg_text overlap[] = {{.start = 0x2000, .end = 0x4000}, {.start = 0x3000, .end = 0x5000}};
	const struct msg_text empty = {.start = 0x2000, .end = 0x2000}, kernel = {.start = 0x2000, .end = UINT64_MAX};
	_cleanup_close_ int open_memory = memfd_create("unsealed", MFD_CLOEXEC);

	(void)state;
	assert_int_equal(ftruncate(open_memory, 4096), 0);
	assert_int_equal(tables_add_rows(tables, 1, open_memory), -EINVAL);
	assert_int_equal(tables_set_texts(tables, 1, open_memory), -EINVAL);
	assert_int_equal(add_rows(1, 10, false), -EINVAL);
	assert_int_equal(add_rows(0, 10, true), -EINVAL);
	assert_int_equal(set_texts(1, overlap, 2), -EINVAL);
	assert_int_equal(set_texts(1, &empty, 1), -EINVAL);
	assert_int_equal(set_texts(1, &kernel, 1), -EINVAL);
	assert_int_equal(map_executable(1, 77), -ESTALE);
	assert_int_equal(tables_size(tables).used, 0);
	assert_int_equal(add_rows(1, 10, true), 0);
	assert_int_equal(add_rows(1, 10, true), -EEXIST);
	assert_int_equal(space_of(1).n, 0);
}

/* The pieces of a large executable are one entry each, and what is between and behind them another kind. */
static void a_list_is_what_the_walk_reads(void **state)
{
	struct rp_space space;

	(void)state;
	assert_int_equal(add_rows(1, ROWS, true), 0);
	assert_int_equal(map_executable(7, 1), 0);
	space = space_of(7);
	assert_int_equal(space.pid, 7);
	assert_true(space.n > 2);
	assert_int_equal(tables_size(tables).rows, ROWS);
	assert_in_range(tables_size(tables).used, ROWS * 8, ROWS * 10);
}

static void collect_twice(void)
{
	tables_collect(tables); /* sees that it is out of use */
	usleep(GRACE_US);
	tables_collect(tables); /* gives it back */
	usleep(GRACE_US);
}

/* Four executables fit. 1 and 3 are mapped, 2 and 4 are not. */
static void those_out_of_use_make_room(void **state)
{
	(void)state;
	for (uint64_t id = 1; id <= 4; id++)
		assert_int_equal(add_rows(id, ROWS, true), 0);
	assert_int_equal(map_executable(7, 1), 0);
	assert_int_equal(map_executable(9, 3), 0);
	assert_int_equal(add_rows(5, ROWS, true), -ENOSPC); /* added just now: a list that names them may be on its way */
	usleep(GRACE_US);
	assert_int_equal(add_rows(5, ROWS, true), 0);
	assert_int_equal(map_executable(7, 2), -ESTALE); /* the oldest went */
	assert_int_equal(map_executable(7, 4), 0);
	assert_int_equal(map_executable(9, 5), 0);
	assert_int_equal(tables_size(tables).reserved, BUDGET);
	assert_int_equal(tables_size(tables).executables, 4);
}

/* What a process has replaced is in use as long as a child has it from its parent. */
static void children_keep_what_their_parent_had(void **state)
{
	const uint32_t child = 8;
	struct rp_space inherited;

	(void)state;
	for (uint64_t id = 1; id <= 4; id++)
		assert_int_equal(add_rows(id, ROWS, true), 0);
	for (uint64_t id = 1; id <= 4; id++)
		assert_int_equal(map_executable(10 + id, id), 0);
	inherited = space_of(11);
	inherited.pid = child;
	assert_int_equal(bpf_map_update_elem(spaces, &child, &inherited, BPF_ANY), 0);
	assert_int_equal(map_executable(11, 2), 0);
	collect_twice();
	assert_int_equal(add_rows(5, ROWS, true), -ENOSPC);
	assert_int_equal(bpf_map_delete_elem(spaces, &child), 0);
	collect_twice();
	assert_int_equal(add_rows(5, ROWS, true), 0);
	assert_int_equal(map_executable(11, 1), -ESTALE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(what_does_not_fit_is_refused, make, destroy),
		cmocka_unit_test_setup_teardown(a_list_is_what_the_walk_reads, make, destroy),
		cmocka_unit_test_setup_teardown(those_out_of_use_make_room, make, destroy),
		cmocka_unit_test_setup_teardown(children_keep_what_their_parent_had, make, destroy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
