/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names and lines from one ELF file: which symbol an address belongs to, inlined functions, separate debug files, and files that are stripped.
 * Those that are damaged: test_symbol_damage.c.
 *
 * links: symbol/symbol_file.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c symbol/debuginfod.c
 */
/* links: symbol/function_start.c symbol/asked.c symbol/demangle.c symbol/string_set.c symbol/vdso.c base/alloc.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "symbol/debuginfod.h"
#include "symbol/vdso.h"
#include "symbol_fixture.h"

/* ---- symbols ----------------------------------------------------------------------------------------------------- */

/* The name of the function itself at an address, or "". */
static const char *name_at(struct symbol_file *f, uint64_t address)
{
	struct places places = symbol_file_find(f, &asked, address);
	const char *name = places.list[places.n - 1].function;

	return name ? name : "";
}

static void the_right_symbol_is_chosen(void **state)
{
	static const struct {
		uint64_t address;
		const char *name;
	} expected[] = {
		{0xffff, ""}, {0x10000, "sized"}, {0x1000f, "sized"}, {0x10010, ""}, {0x1001f, ""},
		{0x10020, "label"}, {0x1002f, "label"},
		{0x10030, "outer"}, {0x10040, "outer"}, {0x10050, "nested"}, {0x1005f, "nested"}, {0x10060, "outer"}, {0x1006f, "outer"},
		{0x10070, "alias"}, {0x10080, "indirect"}, {0x10090, "app::handle"},
		{0x100a0, "huge"}, {0x100bf, "huge"}, {0x100c0, ""}, {0x100cf, ""}, {0, ""}, {UINT64_MAX, ""},
	};
	struct symbol_file *f = open_fixture("symbols.so");

	(void)state;
	for (int twice = 0; twice < 2; twice++)
		for (size_t i = 0; i < ARRAY_LEN(expected); i++)
			assert_string_equal(name_at(f, expected[i].address), expected[i].name);
	assert_string_equal(name_at(f, value_of("symbols.so", "not_code")), "");
	symbol_file_free(f);
}

static char *data_at(struct symbol_file *f, uint64_t address)
{
	char *name = symbol_file_data_name(f, &asked, address);

	return name ? name : xstrdup("");
}

static void variables_are_named(void **state)
{
	uint64_t table = value_of("symbols.so", "table"), lock = value_of("symbols.so", "app_lock");
	struct symbol_file *f = open_fixture("symbols.so");
	const struct {
		uint64_t address;
		const char *name;
	} expected[] = {
		{table, "table"}, {table + 63, "table+0x3f"}, {table + 64, ""}, {table - 1, ""},
		{lock, "app_lock"}, {lock + 0x10, "app_lock+0x10"}, {lock + 40, ""}, {0x10000, ""},
	};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(expected); i++) {
		_cleanup_free_ char *name = data_at(f, expected[i].address);

		assert_string_equal(name, expected[i].name);
	}
	symbol_file_free(f);
}

static void offsets_become_addresses(void **state)
{
	struct symbol_file *f = open_fixture("symbols.so");
	const struct elf_file *elf = symbol_file_elf(f);
	const struct segment *code = NULL;

	(void)state;
	for (size_t i = 0; i < elf->n_segments; i++)
		if (elf->segments[i].executable)
			code = &elf->segments[i];
	assert_non_null(code);
	assert_ptr_equal(elf_file_segment(elf, code->offset, true), code);
	assert_ptr_equal(elf_file_segment(elf, code->offset + code->file_size - 1, true), code);
	assert_null(elf_file_segment(elf, code->offset + code->file_size + 0x10000, true));
	assert_null(elf_file_segment(elf, UINT64_MAX, true));
	assert_int_equal(elf->build_id_len, 20);
	assert_null(elf_file_bytes(elf, elf->mapped.size, 1));
	assert_null(elf_file_bytes(elf, UINT64_MAX, 2));
	assert_memory_equal(elf_file_bytes(elf, 0, 4), ELFMAG, 4);
	symbol_file_free(f);
}

/* ---- lines ------------------------------------------------------------------------------------------------------- */

static void assert_inlined(struct symbol_file *f, uint64_t outermost, uint64_t plain)
{
	struct places p = symbol_file_find(f, &asked, outermost);

	assert_int_equal(p.n, 3);
	assert_place(&p.list[0], "innermost", 104, true);
	assert_place(&p.list[1], "middle", 108, true);
	assert_place(&p.list[2], "outermost", 113, false);
	p = symbol_file_find(f, &asked, plain);
	assert_int_equal(p.n, 1);
	assert_place(&p.list[0], "plain", 118, false);
}

static void inlined_functions_are_expanded(void **state)
{
	static const char *const own[] = {"inlined.so", "inlined.compressed", "inlined.zdebug"};
	uint64_t outermost = value_of("inlined.so", "outermost"), plain = value_of("inlined.so", "plain");

	(void)state;
	debug_name = NULL;
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		struct symbol_file *f = open_fixture(own[i]);

		debug_asked = 0;
		assert_inlined(f, outermost, plain);
		assert_inlined(f, outermost, plain);
		assert_int_equal(debug_asked, 0);
		symbol_file_free(f);
	}
}

static void lines_come_from_the_debug_file(void **state)
{
	uint64_t outermost = value_of("inlined.so", "outermost"), plain = value_of("inlined.so", "plain");
	static const char *const without[] = {"inlined.stripped", "inlined.symtab"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(without); i++) {
		struct symbol_file *f = open_fixture(without[i]);

		debug_name = "inlined.debug";
		debug_asked = 0;
		assert_inlined(f, outermost, plain);
		assert_int_equal(debug_asked, 1);
		symbol_file_free(f);
	}
}

static void another_files_debug_file_is_refused(void **state)
{
	uint64_t outermost = value_of("inlined.so", "outermost");
	struct symbol_file *f = open_fixture("inlined.stripped");
	struct places p;

	(void)state;
	debug_name = "symbols.so";
	debug_asked = 0;
	p = symbol_file_find(f, &asked, outermost);
	assert_int_equal(p.n, 1);
	assert_place(&p.list[0], "outermost", 0, false); /* .dynsym */
	symbol_file_find(f, &asked, outermost + 1);
	assert_int_equal(debug_asked, 1);
	symbol_file_free(f);
}

/* DWARF that says that part of it is in another file is used with that file only. */
static void supplementary_files_are_needed(void **state)
{
	uint64_t outermost = value_of("inlined.so", "outermost"), plain = value_of("inlined.so", "plain");
	struct symbol_file *f = open_fixture("inlined.alt");
	struct places p;

	(void)state;
	debug_name = NULL;
	p = symbol_file_find(f, &asked, outermost);
	assert_int_equal(p.n, 1);
	assert_place(&p.list[0], "outermost", 0, false);
	symbol_file_free(f);
	f = open_fixture("inlined.alt");
	debug_name = "inlined.debug"; /* of the build-id in the link */
	assert_inlined(f, outermost, plain);
	symbol_file_free(f);
}

/* By name, where its checksum is the one that the link has. */
static void a_link_names_the_debug_file(void **state)
{
	uint64_t outermost = value_of("inlined.so", "outermost"), plain = value_of("inlined.so", "plain");
	struct symbol_file *f;

	(void)state;
	debug_name = NULL;
	for (linked_place = 0; linked_place < DEBUG_LINK_PLACES; linked_place++) {
		linked_name = "inlined.debug";
		links_asked = 0;
		f = open_fixture("inlined.linked");
		assert_inlined(f, outermost, plain);
		assert_int_equal(links_asked, linked_place + 1);
		symbol_file_free(f);
	}
	linked_place = 0;
	linked_name = "inlined.symtab";
	f = open_fixture("inlined.linked");
	assert_place(&symbol_file_find(f, &asked, outermost).list[0], "outermost", 0, false);
	symbol_file_free(f);
	linked_name = NULL;
}

/* Where the .dwo file is gone, what the file itself has is left: the line. */
static void split_dwarf_is_followed(void **state)
{
	static const char *const split[] = {"split4.so", "split5.so"};

	(void)state;
	debug_name = NULL;
	for (size_t i = 0; i < ARRAY_LEN(split); i++) {
		uint64_t outermost = value_of(split[i], "outermost"), plain = value_of(split[i], "plain");
		struct symbol_file *f = open_fixture(split[i]);

		assert_inlined(f, outermost, plain);
		symbol_file_free(f);
	}
	assert_int_equal(fixture_run(NULL, "rm *.dwo"), 0);
	for (size_t i = 0; i < ARRAY_LEN(split); i++) {
		struct symbol_file *f = open_fixture(split[i]);
		struct places p = symbol_file_find(f, &asked, value_of(split[i], "outermost"));

		assert_int_equal(p.n, 1);
		assert_place(&p.list[0], "outermost", 104, false);
		symbol_file_free(f);
	}
}

static void packed_symbols_are_read(void **state)
{
	struct symbol_file *f = open_fixture("symbols.packed");

	(void)state;
	debug_name = NULL;
	assert_string_equal(name_at(f, 0x10050), "nested");
	assert_string_equal(name_at(f, 0x10020), "label");
	assert_string_equal(name_at(f, 0x10010), "");
	symbol_file_free(f);
	f = open_fixture("symbols.torn");
	assert_string_equal(name_at(f, 0x10050), "outer"); /* .dynsym */
	symbol_file_free(f);
}

/* A server that has one debug file: its build-id ends the note. */
static const char serve[] =
	"import http.server, sys\n"
	"path = '/buildid/' + open(sys.argv[2], 'rb').read()[-20:].hex() + '/debuginfo'\n"
	"data = open(sys.argv[1], 'rb').read()\n"
	"class Handler(http.server.BaseHTTPRequestHandler):\n"
	"    def do_GET(self):\n"
	"        self.send_response(200 if self.path == path else 404)\n"
	"        self.send_header('Content-Length', len(data) if self.path == path else 0)\n"
	"        self.end_headers()\n"
	"        if self.path == path:\n"
	"            self.wfile.write(data)\n"
	"    def log_message(self, *_):\n"
	"        pass\n"
	"server = http.server.HTTPServer(('127.0.0.1', 0), Handler)\n"
	"with open(sys.argv[3], 'w') as f:\n"
	"    f.write(f'http://127.0.0.1:{server.server_port}\\n')\n"
	"server.serve_forever()\n";

static void servers_are_asked_where_the_user_wants(void **state)
{
	uint64_t outermost = value_of("inlined.so", "outermost"), plain = value_of("inlined.so", "plain");
	_cleanup_free_ char *cache = fixture_path("cache"), *port_path = fixture_path("port");
	struct symbol_file *f = open_fixture("inlined.stripped");
	char url[64] = "";
	FILE *port;

	(void)state;
	debug_name = linked_name = NULL;
	unsetenv("DEBUGINFOD_URLS");
	assert_false(debuginfod_wanted());
	assert_place(&symbol_file_find(f, &asked, outermost).list[0], "outermost", 0, false);
	symbol_file_free(f);
	assert_int_equal(fixture_run(serve, "{ /usr/bin/python3 input inlined.debug note port >log 2>&1 & echo $! >server; }"), 0);
	for (int i = 0; i < 1000 && !*url; i++) {
		port = fopen(port_path, "r");
		if (port && fscanf(port, "%63s", url) != 1)
			*url = 0;
		if (port)
			fclose(port);
		usleep(10000);
	}
	setenv("DEBUGINFOD_URLS", url, 1);
	setenv("DEBUGINFOD_CACHE_PATH", cache, 1);
	assert_true(debuginfod_wanted() && debuginfod_available());
	f = open_fixture("inlined.stripped");
	assert_inlined(f, outermost, plain);
	symbol_file_free(f);
	unsetenv("DEBUGINFOD_URLS");
	assert_int_equal(fixture_run(NULL, "kill $(cat server)"), 0);
}

static void the_vdso_has_names(void **state)
{
	struct elf_file *elf = vdso_open();
	struct symbol_file *f;
	int named = 0;

	(void)state;
	assert_non_null(elf);
	f = symbol_file_new(elf, NULL);
	for (uint64_t address = 0; address < 0x3000; address += 16) {
		struct places p = symbol_file_find(f, NULL, address);

		named += p.list[0].function && strstr(p.list[0].function, "clock_gettime");
	}
	assert_true(named > 0);
	symbol_file_free(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_right_symbol_is_chosen),
		cmocka_unit_test(variables_are_named),
		cmocka_unit_test(offsets_become_addresses),
		cmocka_unit_test(inlined_functions_are_expanded),
		cmocka_unit_test(lines_come_from_the_debug_file),
		cmocka_unit_test(another_files_debug_file_is_refused),
		cmocka_unit_test(supplementary_files_are_needed),
		cmocka_unit_test(a_link_names_the_debug_file),
		cmocka_unit_test(split_dwarf_is_followed),
		cmocka_unit_test(packed_symbols_are_read),
		cmocka_unit_test(servers_are_asked_where_the_user_wants),
		cmocka_unit_test(the_vdso_has_names),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
