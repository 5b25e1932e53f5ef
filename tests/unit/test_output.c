/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The directory of reports, and single files: who may read them, what is replaced, and what is left when one cannot be written.
 * Its index: test_output_index.c.
 * links: cmd/output.c cmd/index_file.c cmd/new_file.c cmd/owner.c cmd/quantity.c page/catalog.c page/names.c page/row.c page/rows.c page/index.c
 * links: page/template.c format/html_text.c format/names.c format/numbers.c profile/profile.c html/embed.S base/alloc.c base/log.c base/json.c
 * links: base/out.c base/printable.c base/base64.c base/sha256.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "output_place.h"

static const struct format *const two[] = {&format_html, &format_json};

/* Without its messages. */
static int open_error(const char *path, bool single)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), r;
	struct output *o = NULL;

	dup2(null, STDERR_FILENO);
	r = output_open(&(struct output_options){.path = path, .single = single, .formats = html, .n_formats = 1}, &owner, &o);
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	output_close(o);
	return r;
}

static struct stat status_of(const char *path)
{
	struct stat st = {0};

	if (stat(path, &st))
		fail_msg("%s is not there", path);
	return st;
}

static void assert_mode(const char *path, mode_t mode)
{
	struct stat st = status_of(path);

	assert_int_equal(st.st_mode & 07777, mode);
	assert_int_equal(st.st_uid, owner.uid);
	assert_int_equal(st.st_gid, owner.gid);
}

static size_t count_files(const char *path)
{
	DIR *dir = opendir(path);
	size_t n = 0;

	assert_non_null(dir);
	for (struct dirent *d; (d = readdir(dir));)
		n += strcmp(d->d_name, ".") && strcmp(d->d_name, "..");
	closedir(dir);
	return n;
}

static void test_new_directory(void **state)
{
	struct output *o = open_output(NULL, false, two, 2);

	(void)state;
	assert_mode("reqprof-reports", 0700);
	assert_mode("reqprof-reports/.gitignore", 0600);
	assert_string_equal(content("reqprof-reports/.gitignore"), "*\n");
	write_ok(o, "3f2a91", NULL, "reqprof-reports/" BASE "3f2a91.html");
	assert_int_equal(status_of("reqprof-reports/" BASE "3f2a91.rp").st_mode & 07777, 0600);
	assert_int_equal(status_of("reqprof-reports/" BASE "3f2a91.html").st_size, 100);
	assert_int_equal(status_of("reqprof-reports/" BASE "3f2a91.json").st_mode & 07777, 0600);
	assert_int_equal(count_files("reqprof-reports"), 5); /* .gitignore, index.html, three of the report; nothing temporary */
	output_close(o);
}

static void test_existing_directory(void **state)
{
	struct output *o;
	struct stat st;

	(void)state;
	assert_int_equal(mkdir("mine", 0), 0);
	assert_int_equal(chmod("mine", 0777), 0);
	st = status_of("mine");
	o = open_output("mine//", false, html, 1);
	write_ok(o, "000001", NULL, "mine/" BASE "000001.html");
	assert_int_equal(status_of("mine").st_mode & 07777, 0777);
	assert_int_equal(status_of("mine").st_uid, st.st_uid);
	assert_int_equal(access("mine/.gitignore", F_OK), -1);
	output_close(o);
}

static void test_not_writable(void **state)
{
	(void)state;
	assert_int_equal(mkdir("locked", 0555), 0);
	assert_int_equal(close(open("file", O_CREAT | O_WRONLY, 0666)), 0);
	assert_int_equal(open_error("locked", false), -EACCES);
	assert_int_equal(open_error("locked/deeper", false), -EACCES);
	assert_int_equal(open_error("locked/one.html", true), -EACCES);
	assert_int_equal(open_error("file", false), -ENOTDIR);
	assert_int_equal(open_error("file/deeper", false), -ENOTDIR);
	assert_int_equal(open_error("absent/deeper", false), -ENOENT);
	assert_int_equal(open_error("absent/one.html", true), -ENOENT);
}

static void test_single_file(void **state)
{
	struct output *o;

	(void)state;
	assert_int_equal(mkdir("single", 0777), 0);
	assert_int_equal(chmod("single", 0777), 0);
	o = open_output("single/slow.json", true, two, 2);
	write_ok(o, "000001", NULL, "single/slow.json");
	write_ok(o, "000002", "000001", "single/slow.json"); /* a snapshot, then the report */
	assert_string_equal(content("single/slow.rp"), "000002");
	assert_int_equal(count_files("single"), 2);
	output_close(o);
}

static void test_single_in_current_directory(void **state)
{
	struct output *o = open_output("slow.html", true, html, 1);
	char *absolute = output_absolute(o, "slow.html"), *expected = xasprintf("%s/slow.html", place);

	(void)state;
	write_ok(o, "000001", NULL, "slow.html");
	assert_string_equal(absolute, expected);
	free(absolute);
	free(expected);
	output_close(o);
}

static void test_replaces_snapshot(void **state)
{
	struct output *o = open_output("snapshots", false, two, 2);

	(void)state;
	write_ok(o, "aaaaaa", NULL, "snapshots/" BASE "aaaaaa.html");
	write_ok(o, "bbbbbb", "aaaaaa", "snapshots/" BASE "bbbbbb.html");
	assert_int_equal(count_files("snapshots"), 5);
	assert_int_equal(access("snapshots/" BASE "bbbbbb.json", F_OK), 0);
	assert_null(strstr(content("snapshots/index.html"), "aaaaaa"));
	output_close(o);
}

static void assert_nothing_kept(struct output *o, const char *directory, size_t files, int error)
{
	struct profile p = report("cccccc", "/orders");
	char *path = NULL;

	assert_int_equal(output_write(o, &p, NULL, &path), -error);
	assert_non_null(strstr(path, "cannot write "));
	assert_non_null(strstr(path, strerror(error)));
	assert_int_equal(count_files(directory), files);
	free(path);
}

/* A file size limit is met like a full disk: at some write, in the middle of the second file. */
static void test_full(void **state)
{
	struct output *o = open_output("full", false, two, 2);
	struct rlimit before, small;

	(void)state;
	write_ok(o, "000001", NULL, "full/" BASE "000001.html");
	assert_int_equal(getrlimit(RLIMIT_FSIZE, &before), 0);
	small = (struct rlimit){.rlim_cur = 50000, .rlim_max = before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	fake_bytes = 100000;
	assert_nothing_kept(o, "full", 5, EFBIG);
	fake_bytes = 100;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &before), 0);
	write_ok(o, "000002", NULL, "full/" BASE "000002.html");
	output_close(o);
}

static void test_format_fails(void **state)
{
	struct output *o = open_output("fails", false, html, 1);

	(void)state;
	fake_error = -ENOSPC;
	assert_nothing_kept(o, "fails", 1, ENOSPC);
	fake_error = 0;
	output_close(o);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_directory),
		cmocka_unit_test(test_existing_directory),
		cmocka_unit_test(test_not_writable),
		cmocka_unit_test(test_single_file),
		cmocka_unit_test(test_single_in_current_directory),
		cmocka_unit_test(test_replaces_snapshot),
		cmocka_unit_test(test_full),
		cmocka_unit_test(test_format_fails),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
