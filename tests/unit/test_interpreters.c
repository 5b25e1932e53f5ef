/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Interpreters on their way into the BPF map: what is taken, what is not, what stays there.
 * links: tracer/interpreters.c unwind/python_versions.c base/sealed.c base/printable.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/cleanup.h"
#include "base/sealed.h"
#include "tracer/interpreters.h"
#include "unwind/python_versions.h"

#define RUNTIME 0x7f0000001000ULL

/* ---- the map ---------------------------------------------------------------------------------------------------------- */

static struct {
	uint32_t pid;
	struct rp_python python;
} entries[4];
static pid_t probed, put_probed, fresh_probed;

static int take(void *ctx, pid_t pid, const struct rp_python *python, const struct interpreter_probes *probes)
{
	const struct interpreter_probe *copy = &probes->copy, *put = &probes->put;

	assert_ptr_equal(ctx, entries);
	if (copy->path) {
		assert_int_equal(copy->offset, 0x1234);
		assert_non_null(strstr(copy->path, "/map_files/400000-800000"));
		probed = pid;
	}
	if (probes->n_fresh) {
		assert_int_equal(probes->n_fresh, 2);
		assert_int_equal(probes->fresh[0], 0x4000);
		assert_int_equal(probes->fresh[1], 0x4100);
		fresh_probed = pid;
	}
	if (put->path) {
		assert_int_equal(put->offset, 0x5678);
		assert_non_null(strstr(put->path, "/map_files/900000-a00000"));
		put_probed = pid;
	}
	for (size_t i = 0; i < ARRAY_LEN(entries); i++) {
		if (entries[i].pid && entries[i].pid != (uint32_t)pid)
			continue;
		entries[i].pid = pid;
		entries[i].python = *python;
		return 0;
	}
	return -E2BIG;
}

static void gone(void *ctx, pid_t pid)
{
	assert_ptr_equal(ctx, entries);
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].pid == (uint32_t)pid)
			entries[i].pid = 0;
}

static const struct interpreters_sink sink = {.ctx = entries, .python = take, .gone = gone};

static const struct rp_python *entry(pid_t pid)
{
	for (size_t i = 0; i < ARRAY_LEN(entries); i++)
		if (entries[i].pid == (uint32_t)pid)
			return &entries[i].python;
	return NULL;
}

/* ------------------------------------------------------------------------------------------------------------------------ */

static struct rp_python python;
static struct msg_python header;

static void reset(void)
{
	header = (struct msg_python){.copy = {0x1234, 0x400000, 0x800000}};
	assert_true(python_version_find(0x030b, &python));
	python.runtime = RUNTIME;
}

static int begin(void **state)
{
	memset(entries, 0, sizeof entries);
	probed = put_probed = fresh_probed = 0;
	reset();
	*state = interpreters_new();
	return 0;
}

static int end(void **state)
{
	interpreters_free(*state);
	return 0;
}

static int set(struct interpreters *is, pid_t pid)
{
	int fd = sealed_new(&header, sizeof header, &python, sizeof python);
	int r = interpreters_set(is, pid, fd, "CPython 3.11.2\033");

	close(fd);
	return r;
}

static void before_and_after_the_map_is_there(void **state)
{
	struct interpreters *is = *state;

	assert_int_equal(set(is, 10), 0);
	assert_int_equal(set(is, 11), 0);
	assert_int_equal(interpreters_set(is, 11, -1, ""), 0);
	assert_null(entry(10));
	assert_int_equal(interpreters_publish(is, sink), 0);
	assert_non_null(entry(10));
	assert_int_equal(entry(10)->runtime, RUNTIME);
	assert_int_equal(probed, 10);
	assert_non_null(strstr(interpreters_name(is, 10), "CPython 3.11.2"));
	assert_null(strchr(interpreters_name(is, 10), '\033'));
	assert_null(interpreters_name(is, 11));
	assert_null(entry(11));
	python.runtime++;
	header.copy.probe = 0; /* not known */
	assert_int_equal(set(is, 12), 0);
	assert_int_equal(entry(12)->runtime, RUNTIME + 1);
	assert_int_equal(probed, 10);
	assert_int_equal(put_probed, 0);
	assert_int_equal(fresh_probed, 0);
	reset();
	python.runtime++;
	header.fresh[1] = 0x4000; /* two of four are known */
	header.fresh[3] = 0x4100;
	header.put = (struct msg_function){0x5678, 0x900000, 0xa00000}; /* its module has been loaded meanwhile */
	assert_int_equal(set(is, 10), 0);
	assert_int_equal(put_probed, 10);
	assert_int_equal(fresh_probed, 10);
	assert_int_equal(entry(10)->runtime, RUNTIME + 1);
	assert_int_equal(interpreters_set(is, 10, -1, ""), 0);
	assert_null(entry(10));
	assert_int_equal(interpreters_set(is, 10, -1, ""), 0);
}

static void processes_that_are_gone(void **state)
{
	struct interpreters *is = *state;

	assert_int_equal(interpreters_publish(is, sink), 0);
	assert_int_equal(set(is, getpid()), 0);
	assert_int_equal(set(is, INT32_MAX), 0); /* there is none of that number */
	interpreters_collect(is);
	assert_non_null(entry(getpid()));
	assert_null(entry(INT32_MAX));
}

static void all_versions(void **state)
{
	struct interpreters *is = *state;

	for (uint16_t version = 0x0308; version <= 0x030f; version++) {
		assert_true(python_version_find(version, &python));
		python.runtime = RUNTIME;
		assert_int_equal(set(is, 10), 0);
	}
}

static void refuse(struct interpreters *is)
{
	assert_int_equal(set(is, 10), -EINVAL);
	reset();
}

static void nonsense(void **state)
{
	struct interpreters *is = *state;
	int fd;

	interpreters_publish(is, sink);
	python.frame_code = 1 << 20;
	refuse(is);
	python.generator_state = UINT32_MAX - 1;
	refuse(is);
	python.size--;
	refuse(is);
	python.version = 0x0207;
	refuse(is);
	python.runtime = 1ULL << 47;
	refuse(is);
	python.coroutine_type = UINT64_MAX;
	refuse(is);
	header.copy.start++;
	refuse(is);
	header.copy.end = header.copy.start;
	refuse(is);
	header.copy.probe = 1ULL << 40;
	refuse(is);
	header.put = (struct msg_function){0x5678, 0x900001, 0xa00000};
	refuse(is);
	header.fresh[0] = 1ULL << 40;
	refuse(is);
	header.copy.probe = 0;
	header.fresh[3] = 1; /* in no mapping */
	refuse(is);
	fd = sealed_new(&header, sizeof header, &python, sizeof python - 1);
	assert_int_equal(interpreters_set(is, 10, fd, ""), -EINVAL);
	close(fd);
	fd = memfd_create("not sealed", MFD_CLOEXEC);
	assert_int_equal(interpreters_set(is, 10, fd, ""), -EINVAL);
	close(fd);
	assert_null(entry(10));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(before_and_after_the_map_is_there), TEST(processes_that_are_gone), TEST(all_versions), TEST(nonsense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
