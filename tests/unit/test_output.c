/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The directory of reports, in a temporary one. As root the owner is "nobody" (what sudo does), else ourselves.
 * links: cmd/output.c cmd/index_file.c cmd/new_file.c cmd/owner.c cmd/quantity.c page/catalog.c page/names.c page/row.c page/rows.c page/index.c
 * links: page/template.c format/html_text.c format/names.c format/numbers.c profile/profile.c html/embed.S base/alloc.c base/log.c base/json.c
 * links: base/out.c base/printable.c base/base64.c base/sha256.c
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cmd/output.h"
#include "fake_formats.h"
#include "page/index.h"
#include "profile/file.h"

#define NOBODY 65534

static char place[] = "/tmp/reqprof-test-XXXXXX"; /* the current directory of every test */
static struct owner owner;

int profile_write(const struct profile *p, FILE *f)
{
	fputs(p->request.id, f);
	return 0;
}

/* "ID TARGET" of a file that profile_write() has not written. */
struct profile *profile_read(FILE *f, const char **ret_why)
{
	char id[7] = "", target[100] = "";
	struct profile *p;

	*ret_why = "fake";
	if (fscanf(f, "%6s %99s", id, target) != 2)
		return NULL;
	p = profile_new();
	memcpy(p->request.id, id, 7);
	p->request.method = profile_string(p, "GET");
	p->request.target = profile_string(p, target);
	p->time.wall_ns = 2500000;
	p->time.classes_ns[TIME_sleep] = 2500000;
	return p;
}

static const struct format *const html[] = {&format_html};
static const struct format *const two[] = {&format_html, &format_json};

static struct output *open_output(const char *path, bool single, const struct format *const *list, size_t n)
{
	struct output_options options = {.path = path, .single = single, .formats = list, .n_formats = n};
	struct output *o = NULL;

	assert_int_equal(output_open(&options, &owner, &o), 0);
	return o;
}

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

static struct profile report(const char *id, const char *target)
{
	struct profile p = {
		.request = {.method = "GET", .target = target, .status = 200, .start_ns = 1795431667114999999LL, .utc_offset_s = 3600},
		.time = {.wall_ns = 183400000},
	};

	memcpy(p.request.id, id, 7);
	return p;
}

static void write_ok(struct output *o, const char *id, const char *replaces, const char *expected)
{
	struct profile p = report(id, "/orders?id=…");
	char *path = NULL;

	assert_int_equal(output_write(o, &p, replaces, &path), 0);
	assert_string_equal(path, expected);
	free(path);
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

static char *content(const char *path)
{
	static char text[1 << 20];
	FILE *f = fopen(path, "r");

	assert_non_null(f);
	text[fread(text, 1, sizeof text - 1, f)] = '\0';
	fclose(f);
	return text;
}

static void write_file(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
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

#define BASE "20261123T120107.114-GET-orders-200-183ms-"

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

static void test_catalog(void **state)
{
	static const char *const files[] = {
		"20261123T120107.114-GET-a-200-1ms-000001.rp",
		"20261123T120107.114-GET-a-200-1ms-000001.html",
		"20261123T120107.114-GET-a-200-1ms-000001.rp.bak",
		"20261123T120107.115-GET-b-200-1ms-000002.rp",
		"20251123T120107.115-GET-c-200-1ms-000003.json",
		"index.html", ".gitignore", "notes.rp",
	};
	struct catalog_entry *entries;
	int dir;

	(void)state;
	assert_int_equal(mkdir("catalog", 0700), 0);
	dir = open("catalog", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < sizeof files / sizeof *files; i++)
		assert_int_equal(close(openat(dir, files[i], O_CREAT | O_WRONLY, 0600)), 0);
	assert_int_equal(catalog_read(dir, &entries), 3);
	assert_string_equal(entries[0].name, "20261123T120107.115-GET-b-200-1ms-000002");
	assert_true(entries[0].has_profile);
	assert_int_equal(entries[0].formats, 0);
	assert_true(entries[1].has_profile);
	assert_int_equal(entries[1].formats, 1);
	assert_false(entries[2].has_profile);
	assert_int_equal(entries[2].formats, 2);
	free(entries);
	close(dir);
}

static void test_index(void **state)
{
	struct output *o = open_output("index", false, html, 1);
	struct profile p = report("eeeeee", "/<script>alert('x')</script>?a=\"&b\n");
	char *path, *text;

	(void)state;
	write_ok(o, "dddddd", NULL, "index/" BASE "dddddd.html");
	assert_int_equal(output_write(o, &p, NULL, &path), 0);
	free(path);
	text = content("index/index.html");
	assert_non_null(strstr(text, "default-src 'none'"));
	assert_null(strstr(text, "connect-src"));
	assert_null(strstr(text, "<script>alert"));
	assert_non_null(strstr(text, "<bdi>GET /&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a=&quot;&amp;b\\x0a</bdi>"));
	assert_non_null(strstr(text, "\"/\\u003cscript\\u003ealert('x')\\u003c/script\\u003e?a=\\\"\\u0026b\\u000a\""));
	assert_non_null(strstr(text, "href=\"" BASE "dddddd.html\""));
	assert_non_null(strstr(text, "GET /orders?id=…</bdi>"));
	assert_non_null(strstr(text, "<td class=\"num\">200</td><td class=\"num\">183.4</td>"));
	output_close(o);
	/* A new run takes what it cannot know from the page, although the profiles cannot be read. */
	o = open_output("index", false, html, 1);
	write_ok(o, "ffffff", NULL, "index/" BASE "ffffff.html");
	text = content("index/index.html");
	assert_non_null(strstr(text, "<bdi>GET /&lt;script&gt;alert(&#39;x&#39;)&lt;/script&gt;?a=&quot;&amp;b\\x0a</bdi>"));
	assert_null(strstr(text, "GET-orders</bdi>"));
	output_close(o);
	/* Without the page it takes it from the profiles, or else from the names. */
	assert_int_equal(unlink("index/index.html"), 0);
	write_file("index/" BASE "dddddd.rp", "dddddd /from/its/profile");
	o = open_output("index", false, html, 1);
	write_ok(o, "999999", NULL, "index/" BASE "999999.html");
	text = content("index/index.html");
	assert_non_null(strstr(text, "<bdi>GET /from/its/profile</bdi>"));
	assert_non_null(strstr(text, "<td class=\"where\"><span class=\"key c-sleep\"></span>sleep 100 %</td>"));
	assert_non_null(strstr(text, "<bdi>GET-orders</bdi>"));
	output_close(o);
}

/* Two recordings write into one directory: neither loses what the other knows. */
static void test_index_of_two(void **state)
{
	struct output *a = open_output("two", false, html, 1), *b = open_output("two", false, html, 1);
	char *text;

	(void)state;
	write_ok(a, "aaaaaa", NULL, "two/" BASE "aaaaaa.html");
	write_ok(b, "bbbbbb", NULL, "two/" BASE "bbbbbb.html");
	write_ok(a, "cccccc", NULL, "two/" BASE "cccccc.html");
	output_close(a);
	output_close(b);
	text = content("two/index.html");
	assert_null(strstr(text, "GET-orders</bdi>"));
	assert_non_null(strstr(text, "<strong id=\"count\">3 reports</strong>"));
}

static void test_foreign_index(void **state)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY);
	struct output *o;
	FILE *f;

	(void)state;
	assert_int_equal(mkdir("site", 0777), 0);
	assert_int_equal(chmod("site", 0777), 0);
	f = fopen("site/index.html", "w");
	fputs("<!DOCTYPE html><title>my home page</title> and so on, and so on", f);
	fclose(f);
	dup2(null, STDERR_FILENO);
	o = open_output("site", false, html, 1);
	write_ok(o, "000001", NULL, "site/" BASE "000001.html");
	dup2(err, STDERR_FILENO);
	assert_non_null(strstr(content("site/index.html"), "my home page"));
	output_close(o);
	close(err);
	close(null);
}

static void test_many(void **state)
{
	struct output *o = open_output("many", false, html, 1);
	char *text;

	(void)state;
	for (int i = 0; i < INDEX_TABLE_MAX + 5; i++) {
		char name[NAME_SIZE + 8];

		snprintf(name, sizeof name, "many/20251123T120107.114-GET-x-200-1ms-%06x.rp", i);
		assert_int_equal(close(open(name, O_CREAT | O_WRONLY, 0600)), 0);
	}
	write_ok(o, "abcdef", NULL, "many/" BASE "abcdef.html");
	text = content("many/index.html");
	assert_non_null(strstr(text, "Older reports, listed with script only: 6;"));
	assert_true(strstr(text, "abcdef") < strstr(text, "0003ec"));
	output_close(o);
}

static int remove_place(void **state)
{
	char *command = xasprintf("chmod -R u+rwx %s; rm -rf %s", place, place);

	(void)state;
	assert_int_equal(system(command), 0);
	free(command);
	return 0;
}

static int make_place(void **state)
{
	(void)state;
	owner = (struct owner){.uid = geteuid() ? geteuid() : NOBODY, .gid = geteuid() ? getegid() : NOBODY, .name = "somebody"};
	umask(022);
	if (!mkdtemp(place) || chdir(place))
		return -1;
	return geteuid() ? 0 : chown(place, owner.uid, owner.gid);
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
		cmocka_unit_test(test_catalog),
		cmocka_unit_test(test_index),
		cmocka_unit_test(test_index_of_two),
		cmocka_unit_test(test_foreign_index),
		cmocka_unit_test(test_many),
	};

	return cmocka_run_group_tests(tests, make_place, remove_place);
}
