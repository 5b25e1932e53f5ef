/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Names and lines from one ELF file: which symbol an address belongs to, inlined functions, separate debug files, and files that are
 * stripped, cut off, damaged or shrink while they are read.
 *
 * links: symbol/symbol_file.c symbol/symbols.c symbol/lines.c symbol/ranges.c symbol/elf.c symbol/mapped.c symbol/debug_file.c symbol/debuginfod.c
 */
/* links: symbol/function_start.c symbol/asked.c symbol/demangle.c symbol/string_set.c symbol/vdso.c base/alloc.c */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <gelf.h>

#include "elf_fixture.h"
#include "symbol/debuginfod.h"
#include "symbol/symbol_file.h"
#include "symbol/vdso.h"

/* ---- fixtures: code at 0x10000 ----------------------------------------------------------------------------------- */

/* Each comment is the offset in .text of what follows. */
static const char assembly[] =
	".text\n"
	".globl sized; .type sized,@function\n"
	"sized: .skip 16; .size sized,16\n"                                     /* 0x00 */
	".skip 16\n"                                                            /* 0x10: no symbol's */
	".type label,@notype\n"
	"label: .skip 16\n"                                                     /* 0x20 */
	".globl outer; .type outer,@function\n"
	"outer: .skip 16\n"                                                     /* 0x30 */
	"inner_label: .skip 16\n"                                               /* 0x40 */
	".type nested,@function\n"
	"nested: .skip 16; .size nested,16\n"                                   /* 0x50 */
	".skip 16; .size outer,64\n"                                            /* 0x60 */
	".globl __alias, alias, alias_longer\n"
	".type __alias,@function; .type alias,@function; .type alias_longer,@function; .type al,@function\n"
	"__alias: alias: alias_longer: al: .skip 16\n"                          /* 0x70 */
	".size __alias,16; .size alias,16; .size alias_longer,16; .size al,16\n"
	".globl indirect; .type indirect,@gnu_indirect_function\n"
	"indirect: .skip 16; .size indirect,16\n"                               /* 0x80 */
	".globl _ZN3app6handleERKi; .type _ZN3app6handleERKi,@function\n"
	"_ZN3app6handleERKi: .skip 16; .size _ZN3app6handleERKi,16\n"           /* 0x90 */
	".globl huge; .type huge,@function\n"
	"huge: .skip 16; .size huge,0xffffffffffffff00\n"                       /* 0xa0: up to the section's end */
	".type last,@notype\n"
	"last: .skip 16\n"                                                      /* 0xb0, .text ends at 0xc0 */
	".section .other,\"ax\"\n"
	".skip 16\n"
	".section .data\n"
	".globl table; .type table,@object\n"
	"table: .skip 64; .size table,64\n"
	".globl not_code; .type not_code,@function\n"
	"not_code: .skip 16; .size not_code,16\n"
	".section .bss\n"
	".globl app_lock; .type app_lock,@object\n"
	"app_lock: .skip 40; .size app_lock,40\n";

static const char source[] =
	"#line 100 \"inlined.c\"\n"
	"extern volatile int sink;\n"
	"volatile int sink;\n"
	"static inline __attribute__((always_inline)) void innermost(void)\n"
	"{\n"
	"	sink = 1;\n"                                                     /* 104 */
	"}\n"
	"static inline __attribute__((always_inline)) void middle(void)\n"
	"{\n"
	"	innermost();\n"                                                  /* 108 */
	"}\n"
	"void outermost(void);\n"
	"void outermost(void)\n"
	"{\n"
	"	middle();\n"                                                     /* 113 */
	"}\n"
	"void plain(void);\n"
	"void plain(void)\n"
	"{\n"
	"	sink = 2;\n"                                                     /* 118 */
	"}\n";

#define LINK "-shared -nostdlib -Wl,--build-id=sha1 -Wl,-Ttext=0x10000 -Wl,-z,noseparate-code "

static const char *const commands[] = {
	"cc -O2 -g -fPIC " LINK "-x c input -o inlined.so",
	"objcopy --only-keep-debug inlined.so inlined.debug",
	"strip -o inlined.stripped inlined.so",
	"strip -g -o inlined.symtab inlined.so",
	"objcopy --compress-debug-sections inlined.so inlined.compressed",
	"objcopy -O binary --only-section=.note.gnu.build-id inlined.so note",
	"{ printf '/nowhere\\0'; tail -c 20 note; } > link",
	"objcopy --add-section .gnu_debugaltlink=link inlined.so inlined.alt",
	"objcopy --compress-debug-sections=zlib-gnu inlined.so inlined.zdebug",
	"objcopy --add-gnu-debuglink=inlined.debug inlined.stripped inlined.linked",
	"cc -O2 -g -gdwarf-4 -gsplit-dwarf -fPIC " LINK "-x c input -o split4.so",
	"cc -O2 -g -gdwarf-5 -gsplit-dwarf -fPIC " LINK "-x c input -o split5.so",
	"strip -o symbols.stripped symbols.so && objcopy --only-keep-debug symbols.so packed && xz -f packed",
	"objcopy --add-section .gnu_debugdata=packed.xz symbols.stripped symbols.packed",
	"head -c 100 packed.xz > torn && objcopy --add-section .gnu_debugdata=torn symbols.stripped symbols.torn",
};

static int make_fixtures(void **state)
{
	(void)state;
	if (fixture_begin() || fixture_run(assembly, "cc " LINK "-x assembler input -o symbols.so"))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (fixture_run(source, commands[i]))
			return -1;
	return 0;
}

static int remove_fixtures(void **state)
{
	(void)state;
	return fixture_end();
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static const char *debug_name; /* fixture that is handed out as the debug file */
static int debug_asked;

static int no_file(void *ctx, int pid)
{
	(void)ctx;
	(void)pid;
	return -ENOENT;
}

static int no_range(void *ctx, int pid, uint64_t start, uint64_t end)
{
	(void)ctx;
	(void)pid;
	(void)start;
	(void)end;
	return -ENOENT;
}

static int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
{
	(void)ctx;
	(void)build_id;
	assert_int_equal(pid, 42);
	assert_in_range(len, 2, BUILD_ID_MAX);
	debug_asked++;
	return debug_name ? fixture_open(debug_name) : -ENOENT;
}

static const char *linked_name; /* fixture that is handed out by its name */
static int linked_place, links_asked;

static int open_debug_link(void *ctx, int pid, uint64_t start, uint64_t end, const char *name, int place)
{
	(void)ctx;
	assert_int_equal(pid, 42);
	assert_int_equal(start, 0x1000);
	assert_int_equal(end, 0x2000);
	assert_string_equal(name, "inlined.debug");
	links_asked++;
	return linked_name && place == linked_place ? fixture_open(linked_name) : -ENOENT;
}

static const struct symbol_source files = {
	.open_maps = no_file, .open_file = no_range, .open_debug = open_debug, .open_debug_link = open_debug_link,
};
static const struct asked asked = {.source = &files, .pid = 42, .start = 0x1000, .end = 0x2000};

static struct symbol_file *open_descriptor(int fd)
{
	struct elf_file *elf = elf_file_open(fd);

	close(fd);
	return elf ? symbol_file_new(elf, NULL) : NULL;
}

static struct symbol_file *open_fixture(const char *name)
{
	struct symbol_file *f = open_descriptor(fixture_open(name));

	assert_non_null(f);
	return f;
}

/* The name of the function itself at an address, or "". */
static const char *name_at(struct symbol_file *f, uint64_t address)
{
	struct places places = symbol_file_find(f, &asked, address);
	const char *name = places.list[places.n - 1].function;

	return name ? name : "";
}

static uint64_t value_of(const char *fixture, const char *name)
{
	Elf *elf;
	Elf_Scn *scn = NULL;
	GElf_Shdr h;
	GElf_Sym sym;
	uint64_t value = 0;
	int fd = fixture_open(fixture);

	elf_version(EV_CURRENT);
	elf = elf_begin(fd, ELF_C_READ, NULL);
	while ((scn = elf_nextscn(elf, scn))) {
		if (!gelf_getshdr(scn, &h) || h.sh_type != SHT_SYMTAB)
			continue;
		for (int i = 0; gelf_getsym(elf_getdata(scn, NULL), i, &sym); i++)
			if (!strcmp(elf_strptr(elf, h.sh_link, sym.st_name), name))
				value = sym.st_value;
	}
	elf_end(elf);
	close(fd);
	assert_true(value);
	return value;
}

/* ---- symbols ----------------------------------------------------------------------------------------------------- */

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

static void assert_place(const struct place *p, const char *function, uint32_t line, bool inlined)
{
	if (function)
		assert_string_equal(p->function, function);
	else
		assert_null(p->function);
	assert_int_equal(p->line, line);
	assert_int_equal(p->inlined, inlined);
	if (line)
		assert_string_equal(strrchr(p->file, '/') + 1, "inlined.c");
	else
		assert_null(p->file);
}

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

/* ---- damage ------------------------------------------------------------------------------------------------------ */

struct bytes {
	char *data;
	size_t size;
};

static struct bytes read_fixture(const char *name)
{
	struct bytes b = {.size = 0};
	int fd = fixture_open(name);
	struct stat st;

	assert_int_equal(fstat(fd, &st), 0);
	b.data = xcalloc(st.st_size, 1);
	b.size = st.st_size;
	assert_int_equal(read(fd, b.data, b.size), b.size);
	close(fd);
	return b;
}

static int write_file(const char *data, size_t size)
{
	int fd = memfd_create("elf", MFD_CLOEXEC);

	assert_int_equal(write(fd, data, size), size);
	return fd;
}

static void without_sections_nothing_is_known(void **state)
{
	struct bytes b = read_fixture("inlined.so");
	Elf64_Ehdr *header = (Elf64_Ehdr *)b.data;
	struct symbol_file *f;
	struct places p;

	(void)state;
	header->e_shoff = header->e_shnum = header->e_shstrndx = 0;
	f = open_descriptor(write_file(b.data, b.size));
	assert_non_null(f);
	debug_name = NULL;
	p = symbol_file_find(f, &asked, value_of("inlined.so", "plain"));
	assert_int_equal(p.n, 1);
	assert_place(&p.list[0], NULL, 0, false);
	assert_true(symbol_file_elf(f)->n_segments > 0);
	assert_int_equal(symbol_file_elf(f)->build_id_len, 20);
	symbol_file_free(f);
	free(b.data);
}

/* Ask everything of a file that may be anything. */
static void ask_all(struct symbol_file *f)
{
	if (!f)
		return;
	debug_name = NULL;
	for (uint64_t address = 0x10000; address < 0x100e0; address += 7) {
		struct places p = symbol_file_find(f, &asked, address);

		assert_in_range(p.n, 1, 32);
	}
	symbol_file_find(f, &asked, UINT64_MAX);
	free(symbol_file_data_name(f, &asked, 0x11000));
	elf_file_segment(symbol_file_elf(f), 0x1000, true);
	symbol_file_free(f);
}

static void cut_off_files_cost_only_their_names(void **state)
{
	static const char *const names[] = {"inlined.so", "symbols.so", "inlined.debug", "inlined.compressed"};

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes b = read_fixture(names[i]);

		for (size_t size = 0; size < b.size; size += 97)
			ask_all(open_descriptor(write_file(b.data, size)));
		free(b.data);
	}
}

/* Most damage goes to the headers and tables, where it does most. */
static void damage(struct bytes *b, unsigned int *seed)
{
	for (int n = 1 + rand_r(seed) % 8; n > 0; n--) {
		size_t at = rand_r(seed) % (rand_r(seed) % 3 ? b->size : 1024);
		static const uint8_t extreme[] = {0, 1, 0x7f, 0x80, 0xff, 0xfe};

		if (rand_r(seed) % 4 == 0)
			at = b->size - 1 - rand_r(seed) % 2048;
		b->data[at] = rand_r(seed) % 2 ? rand_r(seed) : extreme[rand_r(seed) % sizeof extreme];
	}
}

static void damaged_files_cost_only_their_names(void **state)
{
	static const char *const names[] = {"inlined.so", "symbols.so", "inlined.debug", "inlined.compressed"};
	unsigned int seed = 20240229;

	(void)state;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		struct bytes whole = read_fixture(names[i]), b = {.data = xcalloc(whole.size, 1), .size = whole.size};

		for (int round = 0; round < 2000; round++) {
			memcpy(b.data, whole.data, whole.size);
			damage(&b, &seed);
			ask_all(open_descriptor(write_file(b.data, b.size)));
		}
		free(whole.data);
		free(b.data);
	}
}

static void what_is_no_elf_file_is_refused(void **state)
{
	_cleanup_free_ char *zeros = xcalloc(8192, 1);
	int ends[2];

	(void)state;
	assert_null(open_descriptor(write_file("", 0)));
	assert_null(open_descriptor(write_file("#!/bin/sh\n", 10)));
	assert_null(open_descriptor(write_file(zeros, 8192)));
	assert_null(open_descriptor(write_file("!<arch>\n", 8)));
	assert_int_equal(pipe(ends), 0);
	assert_null(open_descriptor(ends[0]));
	close(ends[1]);
}

/* Its owner may do that at any time; pages that are gone must not end the process. */
static void a_file_may_shrink_while_it_is_read(void **state)
{
	struct bytes b = read_fixture("inlined.so");

	(void)state;
	for (size_t left = 0; left < b.size; left += 4096) {
		int fd = write_file(b.data, b.size);
		struct elf_file *elf = elf_file_open(fd);

		assert_non_null(elf);
		assert_false(elf_file_changed(elf));
		assert_int_equal(ftruncate(fd, left), 0);
		assert_int_equal(elf_file_changed(elf), left == 0);
		close(fd);
		ask_all(symbol_file_new(elf, NULL));
	}
	free(b.data);
}

static void an_overwritten_file_is_noticed(void **state)
{
	struct bytes b = read_fixture("inlined.so");
	int fd = write_file(b.data, b.size);
	struct elf_file *elf = elf_file_open(fd);

	(void)state;
	b.data[100] ^= 1;
	assert_int_equal(pwrite(fd, b.data, b.size, 0), b.size);
	assert_true(elf_file_changed(elf));
	elf_file_close(elf);
	close(fd);
	free(b.data);
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
		cmocka_unit_test(without_sections_nothing_is_known),
		cmocka_unit_test(cut_off_files_cost_only_their_names),
		cmocka_unit_test(damaged_files_cost_only_their_names),
		cmocka_unit_test(what_is_no_elf_file_is_refused),
		cmocka_unit_test(a_file_may_shrink_while_it_is_read),
		cmocka_unit_test(an_overwritten_file_is_noticed),
	};

	return cmocka_run_group_tests(tests, make_fixtures, remove_fixtures);
}
