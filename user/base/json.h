/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Writes JSON (RFC 8259) to a stream as it comes, without building anything. The caller keeps objects and arrays balanced; separators are
 * put where they belong.
 *
 * The result is valid UTF-8 whatever the strings hold (a byte that is none becomes U+FFFD), and can stand inside HTML's <script> as it is:
 * `<`, `>`, `&`, U+2028 and U+2029 are escaped.
 */
#ifndef REQPROF_JSON_H
#define REQPROF_JSON_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

struct json {
	FILE *f;
	bool comma;             /* something stands before the next value on its level */
	bool line;              /* the next value begins a line */
};

void json_init(struct json *j, FILE *f);
void json_line(struct json *j); /* begin a new line before the next key or value */

void json_object(struct json *j);
void json_object_end(struct json *j);
void json_array(struct json *j);
void json_array_end(struct json *j);
void json_key(struct json *j, const char *key);

void json_string(struct json *j, const char *s); /* NULL = null */
void json_uint(struct json *j, uint64_t value);
void json_int(struct json *j, int64_t value);
void json_ms(struct json *j, uint64_t ns); /* nanoseconds as milliseconds, nothing lost: 183400001 is 183.400001 */
void json_bool(struct json *j, bool value);
void json_null(struct json *j);

/* A key and its value. */
void json_key_string(struct json *j, const char *key, const char *s);
void json_key_uint(struct json *j, const char *key, uint64_t value);
void json_key_int(struct json *j, const char *key, int64_t value);
void json_key_ms(struct json *j, const char *key, uint64_t ns);
void json_key_bool(struct json *j, const char *key, bool value);

#endif
