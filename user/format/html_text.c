/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/html_text.h"

#include <stdlib.h>

#include "base/base64.h"
#include "base/sha256.h"

void html_text(FILE *f, const char *s)
{
	for (; *s; s++) {
		switch (*s) {
		case '&':
			fputs("&amp;", f);
			break;
		case '<':
			fputs("&lt;", f);
			break;
		case '>':
			fputs("&gt;", f);
			break;
		case '"':
			fputs("&quot;", f);
			break;
		case '\'':
			fputs("&#39;", f);
			break;
		default:
			fputc(*s, f);
		}
	}
}

void html_take(FILE *f, char *s)
{
	if (s)
		html_text(f, s);
	free(s);
}

void html_element(FILE *f, const char *tag, const char *class, char *text)
{
	fprintf(f, class ? "<%s class=\"%s\">" : "<%s>", tag, class);
	html_take(f, text);
	fprintf(f, "</%s>", tag);
}

void html_hash(FILE *f, const char *content, size_t len)
{
	uint8_t digest[SHA256_SIZE];

	sha256(content, len, digest);
	fputs(" 'sha256-", f);
	base64_write(f, digest, sizeof digest);
	fputc('\'', f);
}
