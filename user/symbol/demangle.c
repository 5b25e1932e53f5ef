/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "symbol/demangle.h"

#include <libiberty/demangle.h> /* not beside base/alloc.h: both declare xrealloc */
#include <setjmp.h>
#include <stdbool.h>
#include <string.h>

#define ELLIPSIS "…"
#define ELLIPSIS_LEN (sizeof ELLIPSIS - 1)

/* A few bytes of mangled name can stand for gigabytes (each substitution may double it), and the library prints all of it: the only way to
 * stop it is to leave its callback for good. It keeps nothing but its stack frames while it prints C++; of Rust it may lose the buffer of
 * one identifier that is not ASCII. */
struct output {
	jmp_buf full;
	size_t n;
	char *text;             /* DEMANGLED_MAX bytes and one */
};

/* As much as fits before the ellipsis, without a part of a character at its end. */
static void cut(char *text)
{
	size_t n = DEMANGLED_MAX - ELLIPSIS_LEN;

	while (n && ((unsigned char)text[n] & 0xc0) == 0x80)
		n--;
	memcpy(text + n, ELLIPSIS, sizeof ELLIPSIS);
}

static void take(const char *s, size_t n, void *ctx)
{
	struct output *o = ctx;
	size_t room = DEMANGLED_MAX - o->n;

	if (!n)
		return;
	memcpy(o->text + o->n, s, n < room ? n : room);
	if (n > room) {
		cut(o->text);
		longjmp(o->full, 1);
	}
	o->n += n;
	o->text[o->n] = 0;
}

/* Rust first: its legacy names are valid C++ ones too. */
static bool print(const char *mangled, struct output *o)
{
	if (setjmp(o->full))
		return true;
	if (rust_demangle_callback(mangled, DMGL_AUTO, take, o))
		return o->n;
	o->n = 0;
	return cplus_demangle_v3_callback(mangled, DMGL_AUTO, take, o) && o->n;
}

static bool demangle_mangled(const char *name, size_t len, struct demangled *ret)
{
	struct output o = {.text = ret->text};
	char mangled[DEMANGLE_INPUT_MAX];

	if (len < 3 || len >= sizeof mangled || name[0] != '_' || (name[1] != 'Z' && name[1] != 'R'))
		return false;
	memcpy(mangled, name, len);
	mangled[len] = 0;
	return print(mangled, &o);
}

const char *demangle(const char *name, size_t len, struct demangled *ret)
{
	const char *version;

	len = strnlen(name, len);
	version = memchr(name, '@', len);
	if (version && version > name)
		len = version - name;
	if (demangle_mangled(name, len, ret))
		return ret->text;
	memcpy(ret->text, name, len < DEMANGLED_MAX ? len : DEMANGLED_MAX);
	if (len > DEMANGLED_MAX)
		cut(ret->text);
	else
		ret->text[len] = 0;
	return ret->text;
}
