/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* One ELF file's names and lines: files made by the compiler, with code at 0x10000, and how they are asked. */
#ifndef REQPROF_SYMBOL_FIXTURE_H
#define REQPROF_SYMBOL_FIXTURE_H

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <gelf.h>

#include "elf_fixture.h"
#include "symbol/symbol_file.h"

/* ---- files ------------------------------------------------------------------------------------------------------- */

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

static inline int make_fixtures(void **state)
{
	(void)state;
	if (fixture_begin() || fixture_run(assembly, "cc " LINK "-x assembler input -o symbols.so"))
		return -1;
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (fixture_run(source, commands[i]))
			return -1;
	return 0;
}

static inline int remove_fixtures(void **state)
{
	(void)state;
	return fixture_end();
}

/* ---- asking ------------------------------------------------------------------------------------------------------ */

static const char *debug_name; /* fixture that is handed out as the debug file */
static int debug_asked;

static inline int no_file(void *ctx, int pid)
{
	(void)ctx;
	(void)pid;
	return -ENOENT;
}

static inline int no_range(void *ctx, int pid, uint64_t start, uint64_t end)
{
	(void)ctx;
	(void)pid;
	(void)start;
	(void)end;
	return -ENOENT;
}

static inline int open_debug(void *ctx, int pid, const uint8_t *build_id, size_t len)
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

static inline int open_debug_link(void *ctx, int pid, uint64_t start, uint64_t end, const char *name, int place)
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

static inline struct symbol_file *open_descriptor(int fd)
{
	struct elf_file *elf = elf_file_open(fd);

	close(fd);
	return elf ? symbol_file_new(elf, NULL) : NULL;
}

static inline struct symbol_file *open_fixture(const char *name)
{
	struct symbol_file *f = open_descriptor(fixture_open(name));

	assert_non_null(f);
	return f;
}

static inline uint64_t value_of(const char *fixture, const char *name)
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

static inline void assert_place(const struct place *p, const char *function, uint32_t line, bool inlined)
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

#endif
