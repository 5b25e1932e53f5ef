/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "base/json.h"

#include <inttypes.h>
#include <string.h>

#include "base/utf8.h"

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */
#define NS_PER_MS 1000000U

void json_init(struct json *j, FILE *f)
{
	*j = (struct json){.f = f};
}

void json_line(struct json *j)
{
	j->line = true;
}

/* What has to stand before a key or a value. */
static void separate(struct json *j)
{
	if (j->comma)
		fputc(',', j->f);
	if (j->line)
		fputc('\n', j->f);
	j->line = false;
	j->comma = true;
}

static void open_bracket(struct json *j, char bracket)
{
	separate(j);
	fputc(bracket, j->f);
	j->comma = false;
}

static void close_bracket(struct json *j, char bracket)
{
	fputc(bracket, j->f);
	j->comma = true;
	j->line = false;
}

void json_object(struct json *j)
{
	open_bracket(j, '{');
}

void json_object_end(struct json *j)
{
	close_bracket(j, '}');
}

void json_array(struct json *j)
{
	open_bracket(j, '[');
}

void json_array_end(struct json *j)
{
	close_bracket(j, ']');
}

static bool needs_escape(uint32_t code)
{
	return code < 0x20 || code == '"' || code == '\\' || code == '<' || code == '>' || code == '&' || code == 0x7f || code == 0x2028 ||
	       code == 0x2029;
}

/* What can stand as it is goes out in one piece. */
static void put_quoted(FILE *f, const char *s)
{
	size_t n = strlen(s), begin = 0;

	fputc('"', f);
	for (size_t i = 0, len; i < n; i += len ? len : 1) {
		uint32_t code;

		len = utf8_decode(s + i, n - i, &code);
		if (len && !needs_escape(code))
			continue;
		fwrite(s + begin, 1, i - begin, f);
		begin = i + (len ? len : 1);
		if (!len)
			fputs(REPLACEMENT, f);
		else if (code == '"' || code == '\\')
			fprintf(f, "\\%c", (char)code);
		else
			fprintf(f, "\\u%04" PRIx32, code);
	}
	fwrite(s + begin, 1, n - begin, f);
	fputc('"', f);
}

void json_key(struct json *j, const char *key)
{
	separate(j);
	put_quoted(j->f, key);
	fputc(':', j->f);
	j->comma = false;
}

void json_string(struct json *j, const char *s)
{
	if (!s) {
		json_null(j);
		return;
	}
	separate(j);
	put_quoted(j->f, s);
}

void json_uint(struct json *j, uint64_t value)
{
	separate(j);
	fprintf(j->f, "%" PRIu64, value);
}

void json_int(struct json *j, int64_t value)
{
	separate(j);
	fprintf(j->f, "%" PRId64, value);
}

void json_ms(struct json *j, uint64_t ns)
{
	char digits[8];
	int n = snprintf(digits, sizeof digits, "%06u", (unsigned)(ns % NS_PER_MS));

	while (n && digits[n - 1] == '0')
		digits[--n] = '\0';
	separate(j);
	fprintf(j->f, "%" PRIu64 "%s%s", ns / NS_PER_MS, n ? "." : "", digits);
}

void json_bool(struct json *j, bool value)
{
	separate(j);
	fputs(value ? "true" : "false", j->f);
}

void json_null(struct json *j)
{
	separate(j);
	fputs("null", j->f);
}

void json_key_string(struct json *j, const char *key, const char *s)
{
	json_key(j, key);
	json_string(j, s);
}

void json_key_uint(struct json *j, const char *key, uint64_t value)
{
	json_key(j, key);
	json_uint(j, value);
}

void json_key_int(struct json *j, const char *key, int64_t value)
{
	json_key(j, key);
	json_int(j, value);
}

void json_key_ms(struct json *j, const char *key, uint64_t ns)
{
	json_key(j, key);
	json_ms(j, ns);
}

void json_key_bool(struct json *j, const char *key, bool value)
{
	json_key(j, key);
	json_bool(j, value);
}
