/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "format/format.h"
#include "format/html.h"
#include "format/html_text.h"

#define DEFLATE_FROM (256 * 1024) /* smaller documents stay readable in the page's source */

static void write_text(const struct profile *p, FILE *f)
{
	format_text.write(p, f);
}

static char *render(void (*write)(const struct profile *p, FILE *f), const struct profile *p, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	if (!f)
		abort(); /* out of memory, nothing else */
	write(p, f);
	fclose(f);
	return text;
}

static bool put_deflated(FILE *f, const char *text, size_t len)
{
	uLongf packed_len = compressBound(len);
	_cleanup_free_ Bytef *packed = xcalloc(packed_len, 1);

	if (compress2(packed, &packed_len, (const Bytef *)text, len, Z_BEST_SPEED) != Z_OK)
		return false;
	fputs("<script type=\"application/octet-stream\" id=\"data\" data-encoding=\"deflate\">", f);
	base64_write(f, packed, packed_len);
	fputs("</script>", f);
	return true;
}

void html_data(const struct profile *p, FILE *f)
{
	size_t len;
	_cleanup_free_ char *json = render(html_document, p, &len);

	if (len >= DEFLATE_FROM && put_deflated(f, json, len))
		return;
	fputs("<script type=\"application/json\" id=\"data\">", f);
	fwrite(json, 1, len, f); /* it escapes < itself */
	fputs("</script>", f);
}

void html_copy(const struct profile *p, FILE *f)
{
	size_t len;

	html_take(f, render(write_text, p, &len));
}
