/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include <stdbool.h>
#include <stdlib.h>
#include <zlib.h>

#include "base/alloc.h"
#include "base/base64.h"
#include "base/cleanup.h"
#include "format/format.h"
#include "format/html.h"
#include "format/html_text.h"

#define PACK_FROM (64 * 1024) /* bytes before deflating; smaller documents stay readable in the page's source */

static FILE *memory(char **ret, size_t *ret_len)
{
	FILE *f = open_memstream(ret, ret_len);

	if (!f)
		abort(); /* out of memory, nothing else */
	return f;
}

static bool put_deflated(FILE *f, const char *data, size_t len, size_t text_len)
{
	uLongf packed_len = compressBound(len);
	_cleanup_free_ Bytef *packed = xcalloc(packed_len, 1);

	if (compress2(packed, &packed_len, (const Bytef *)data, len, Z_BEST_SPEED) != Z_OK)
		return false;
	fprintf(f, "<script type=\"application/octet-stream\" id=\"data\" data-text=\"%zu\" data-encoding=\"deflate\">", text_len);
	base64_write(f, packed, packed_len);
	fputs("</script>", f);
	return true;
}

/* The document and its columns, if they are large. */
static bool put_packed(const struct profile *p, FILE *f)
{
	_cleanup_free_ char *data = NULL, *columns = NULL;
	size_t len, columns_len, text_len;
	FILE *text = memory(&data, &len), *packed = memory(&columns, &columns_len);

	html_document(p, text, packed);
	fclose(packed);
	fflush(text);
	text_len = len;
	fwrite(columns, 1, columns_len, text);
	fclose(text);
	return len >= PACK_FROM && put_deflated(f, data, len, text_len);
}

void html_data(const struct profile *p, FILE *f)
{
	if (put_packed(p, f))
		return;
	fputs("<script type=\"application/json\" id=\"data\">", f);
	html_document(p, f, NULL); /* it escapes < itself */
	fputs("</script>", f);
}

void html_copy(const struct profile *p, FILE *f)
{
	char *copy = NULL;
	size_t len;
	FILE *text = memory(&copy, &len);

	format_text.write(p, text);
	fclose(text);
	html_take(f, copy);
}
