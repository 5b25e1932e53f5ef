/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * The options of record. What they print is tested in tests/integration/cli.t.
 * links: cmd/record_options.c cmd/listen.c cmd/markers.c cmd/quantity.c cmd/pids.c cmd/later.c cmd/command_line.c cmd/help.c
 * links: base/alloc.c base/log.c base/process.c handler/spec.c handler/catalog.c handler/expression.c
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/alloc.h"
#include "cmd/command.h"
#include "cmd/record_options.h"
#include "fake_formats.h"

const struct command *const commands[] = {NULL};

/* Parse a command line, its words separated by blanks, as the shell would have them. */
static int parse_words(struct record_options *o, const char *words)
{
	char *copy = xstrdup(words), *rest = copy, *argv[32] = {"reqprof"};
	int argc = 1, r;

	while (rest && argc < 31)
		argv[argc++] = strsep(&rest, " ");
	r = record_options_parse(o, argc, argv);
	/* o->output points into argv. */
	if (o->output)
		o->output = xstrdup(o->output);
	free(copy);
	return r;
}

static struct record_options parse(const char *words)
{
	struct record_options o;

	if (parse_words(&o, words))
		fail_msg("%s was refused", words);
	return o;
}

static void done(struct record_options *o)
{
	free((char *)o->output);
	record_options_free(o);
}

static void assert_refused(const char *words)
{
	int err = dup(STDERR_FILENO), null = open("/dev/null", O_WRONLY), r;
	struct record_options o;

	dup2(null, STDERR_FILENO);
	r = parse_words(&o, words);
	dup2(err, STDERR_FILENO);
	close(err);
	close(null);
	if (r != -EINVAL)
		fail_msg("%s was taken", words);
	done(&o);
}

static void test_defaults(void **state)
{
	struct record_options o = parse("--pid 4242");
	struct tracer_options t;

	(void)state;
	record_options_tracer(&o, &t);
	assert_int_equal(t.n_pids, 1);
	assert_int_equal(t.pids[0], 4242);
	assert_int_equal(t.port, 0);
	assert_int_equal(t.duration_ns, 0);
	assert_int_equal(t.config.interval_ns, 1000000);
	assert_int_equal(t.config.max_live, 4);
	assert_int_equal(t.config.rate_count, 60);
	assert_int_equal(t.config.rate_period_ns, 60 * NS_PER_S);
	assert_int_equal(t.config.max_time_ns, 60 * NS_PER_S);
	assert_int_equal(t.config.n_markers, 1);
	assert_memory_equal(t.markers[0].text, "profile=1", 9);
	assert_string_equal(t.curl_query, "profile=1");
	assert_int_equal(o.count, 0);
	assert_int_equal(o.n_formats, 1);
	assert_ptr_equal(o.formats[0], &format_html);
	assert_null(o.output);
	assert_false(o.keep_url);
	assert_false(o.serve);
	assert_string_equal(o.command, "reqprof --pid 4242");
	free((char *)t.curl_query);
	done(&o);
}

static void test_all(void **state)
{
	struct record_options o = parse("-p 1,2 --pid=3 -m a=1 -m path:/x -i 100us -n 5 -d 90 --max-live 64 --max-rate 10/s --max-time 2m "
					"-o out -f json -f text -f json --keep-url --open");

	(void)state;
	assert_int_equal(o.n_pids, 3);
	assert_int_equal(o.pids[2], 3);
	assert_int_equal(o.markers.n, 2);
	assert_int_equal(o.interval_ns, 100000);
	assert_int_equal(o.count, 5);
	assert_int_equal(o.duration_ns, 90 * NS_PER_S);
	assert_int_equal(o.max_live, 64);
	assert_int_equal(o.max_rate.count, 10);
	assert_int_equal(o.max_time_ns, 120 * NS_PER_S);
	assert_string_equal(o.output, "out");
	assert_int_equal(o.n_formats, 2);
	assert_ptr_equal(o.formats[0], &format_json);
	assert_ptr_equal(o.formats[1], &format_text);
	assert_true(o.keep_url);
	assert_true(o.open);
	done(&o);
}

static void test_rate(void **state)
{
	struct record_options o = parse("--port 8000 -F 999");

	(void)state;
	assert_int_equal(o.port, 8000);
	assert_int_equal(o.interval_ns, 1001001);
	done(&o);
	o = parse("--port 1 -F 10000");
	assert_int_equal(o.interval_ns, 100000);
	done(&o);
}

static void test_no_limits(void **state)
{
	struct record_options o = parse("--port 1 --max-rate 0 --max-time 0 --max-live 64");
	struct tracer_options t;

	(void)state;
	record_options_tracer(&o, &t);
	assert_int_equal(t.config.rate_period_ns, 0);
	assert_int_equal(t.config.max_time_ns, 0);
	free((char *)t.curl_query);
	done(&o);
}

static void test_serve(void **state)
{
	struct record_options o = parse("-p 1 --serve");

	(void)state;
	assert_true(o.serve);
	assert_int_equal(ntohl(o.serve_at.addr.v4.sin_addr.s_addr), INADDR_LOOPBACK);
	assert_int_equal(ntohs(o.serve_at.addr.v4.sin_port), 7777);
	done(&o);
	o = parse("-p 1 --serve=[::1]:0");
	assert_int_equal(o.serve_at.addr.any.sa_family, AF_INET6);
	assert_int_equal(o.serve_at.addr.v6.sin6_port, 0);
	done(&o);
}

static void test_secret_is_hidden(void **state)
{
	char marker[] = "token=s3cret", joined[] = "--marker=key=abc", *argv[] = {"reqprof", "-p", "1", "-m", marker, joined, NULL};
	struct record_options o;

	(void)state;
	assert_int_equal(record_options_parse(&o, 6, argv), 0);
	assert_string_equal(marker, "token=******");
	assert_string_equal(joined, "--marker=key=***");
	assert_string_equal(o.command, "reqprof -p 1 -m token=… --marker=key=…");
	assert_memory_equal(o.markers.markers[0].text, "token=s3cret", 12);
	assert_string_equal(o.markers.texts[1].text, "key=abc");
	record_options_free(&o);
}

static void test_single_file(void **state)
{
	struct record_options o = parse("-p 1 -n 1 -o /tmp/slow.json");

	(void)state;
	assert_int_equal(o.n_formats, 1);
	assert_ptr_equal(o.formats[0], &format_json);
	done(&o);
	o = parse("-p 1 -n 1 -f json -o /tmp/slow.json");
	assert_int_equal(o.n_formats, 1);
	done(&o);
	assert_refused("-p 1 -o /tmp/slow.html");
	assert_refused("-p 1 -n 2 -o /tmp/slow.html");
	assert_refused("-p 1 -n 1 -f json -o /tmp/slow.html");
	assert_refused("-p 1 -n 1 -f html -f json -o /tmp/slow.html");
}

static void test_refused(void **state)
{
	static const char *const wrong[] = {
		"-p x", "-p 0", "-p -1", "-p 1,", "-p 99999999999", "--port 0", "--port 65536", "--port http", "--port 1 --port 2",
		"-p 1 --port 80", "-p 1 -m profile", "-p 1 -m =1", "-p 1 -m header:a=b", "-p 1 -m @/nonexistent",
		"-p 1 -i 1", "-p 1 -i 1000", "-p 1 -i 99us", "-p 1 -i 1001ms", "-p 1 -i 2m", "-p 1 -i x",
		"-p 1 -F 0", "-p 1 -F 10001", "-p 1 -F 1k",
		"-p 1 -i 1ms -F 100", "-p 1 -n 0", "-p 1 -n x", "-p 1 -d 0", "-p 1 -d x", "-p 1 --max-live 65", "-p 1 --max-live x",
		"-p 1 --max-rate 60", "-p 1 --max-time x", "-p 1 -f pdf", "4242", "-p 1 x", "-p 1 -- cmd",
		"--comm x", "--cgroup /x", "-a", "--all", "-p 1 --slower-than 1s", "-p 1 --status 5xx", "-p 1 --sample 1/2",
		"-p 1 --handler x,y",
		"-p 1 --serve=somewhere", "-p 1 --serve=127.0.0.1:", "-p 1 --serve -n 1 -o x.html", "-p 1 -o ",
	};

	(void)state;
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_refused(wrong[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_all),
		cmocka_unit_test(test_rate),
		cmocka_unit_test(test_no_limits),
		cmocka_unit_test(test_serve),
		cmocka_unit_test(test_secret_is_hidden),
		cmocka_unit_test(test_single_file),
		cmocka_unit_test(test_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
