/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/command_line.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static bool is_plain(const char *s, size_t n)
{
	static const char marks[] = "%+,-./:=@_";

	for (size_t i = 0; i < n; i++) {
		char c = s[i] | 0x20;

		if (!(c >= 'a' && c <= 'z') && !(s[i] >= '0' && s[i] <= '9') && !(s[i] && strchr(marks, s[i])))
			return false;
	}
	return n > 0;
}

static void put_quoted(FILE *f, const char *s, size_t n)
{
	fputc('\'', f);
	for (size_t i = 0; i < n; i++)
		if (s[i] == '\'')
			fputs("'\\''", f);
		else
			fputc(s[i], f);
	fputc('\'', f);
}

/* Bytes of the argument before its secret; all if it has none. */
static size_t open_part(const char *arg, char *const *secrets, size_t n_secrets)
{
	size_t len = strlen(arg);

	for (size_t i = 0; i < n_secrets; i++)
		if (secrets[i] >= arg && secrets[i] <= arg + len)
			return secrets[i] - arg;
	return len;
}

char *command_line(int argc, char *const *argv, char *const *secrets, size_t n_secrets)
{
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	if (!f)
		return xstrdup(argv[0]);
	fputs(argv[0], f);
	for (int i = 1; i < argc; i++) {
		size_t shown = open_part(argv[i], secrets, n_secrets);

		fputc(' ', f);
		if (is_plain(argv[i], shown))
			fprintf(f, "%.*s", (int)shown, argv[i]);
		else
			put_quoted(f, argv[i], shown);
		if (argv[i][shown])
			fputs("…", f);
	}
	fclose(f);
	return text;
}

void command_line_hide(char *const *secrets, size_t n_secrets)
{
	for (size_t i = 0; i < n_secrets; i++)
		memset(secrets[i], '*', strlen(secrets[i]));
}
