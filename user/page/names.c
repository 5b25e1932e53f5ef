/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/names.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/cleanup.h"

#define ID_LEN 6
#define METHOD_MAX 24
#define NS_PER_S 1000000000LL

static bool is_plain(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_';
}

/* Every run of other bytes as one "-", none at either end. Empty: `otherwise`. */
static void put_slug(char *out, size_t max, const char *s, size_t n, const char *otherwise)
{
	size_t len = 0;

	for (size_t i = 0; i < n && len < max; i++) {
		if (is_plain(s[i]))
			out[len++] = s[i];
		else if (len && out[len - 1] != '-')
			out[len++] = '-';
	}
	while (len && out[len - 1] == '-')
		len--;
	out[len] = '\0';
	if (!len)
		memcpy(out, otherwise, strlen(otherwise) + 1);
}

/* The path of a request target; an absolute one begins with scheme and authority. */
static const char *path_of(const char *target, size_t *ret_len)
{
	const char *authority;

	*ret_len = strcspn(target, "?#");
	authority = memmem(target, *ret_len, "://", 3);
	if (authority && *target != '/') {
		authority += 3;
		authority += strcspn(authority, "/?#");
		*ret_len -= authority - target;
		return authority;
	}
	return target;
}

/* In the time zone of the machine that recorded it. */
static void put_time(char out[NAME_TIME_LEN + 1], const struct request *r)
{
	time_t seconds = r->start_ns / NS_PER_S + r->utc_offset_s;
	unsigned milliseconds = r->start_ns % NS_PER_S / 1000000;
	struct tm tm;

	gmtime_r(&seconds, &tm);
	if (!strftime(out, NAME_TIME_LEN + 1, "%Y%m%dT%H%M%S", &tm))
		memcpy(out, "00000000T000000", sizeof "00000000T000000");
	snprintf(out + 15, 5, ".%03u", milliseconds % 1000);
}

void name_of_report(const struct profile *p, char ret[NAME_SIZE])
{
	const struct request *r = &p->request;
	const char *method = r->method ? r->method : "";
	char when[NAME_TIME_LEN + 1], verb[METHOD_MAX + 1], slug[SLUG_MAX + 1];
	size_t len;
	const char *path = path_of(r->target ? r->target : "", &len);

	put_time(when, r);
	put_slug(verb, METHOD_MAX, method, strlen(method), "CALL");
	put_slug(slug, SLUG_MAX, path, len, "root");
	snprintf(ret, NAME_SIZE, "%s-%s-%s-%d-%llums-%.6s", when, verb, slug, r->status > 0 ? r->status : 0,
		 (unsigned long long)(p->time.wall_ns / 1000000), r->id);
}

static bool is_time(const char *s)
{
	static const char form[] = "dddddddd" "Tdddddd.ddd";

	for (size_t i = 0; i < NAME_TIME_LEN; i++)
		if (form[i] == 'd' ? !isdigit((unsigned char)s[i]) : s[i] != form[i])
			return false;
	return true;
}

/* The last "-" before end; NULL = none after begin. */
static const char *last_dash(const char *begin, const char *end)
{
	return end > begin ? memrchr(begin, '-', end - begin) : NULL;
}

static bool is_number(const char *begin, const char *end)
{
	return end > begin && strspn(begin, "0123456789") == (size_t)(end - begin);
}

static bool all_plain(const char *s, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (!is_plain(s[i]) && s[i] != '-')
			return false;
	return true;
}

bool name_split(const char *name, size_t len, struct name_parts *ret)
{
	const char *end = name + len, *request = name + NAME_TIME_LEN + 1, *status, *duration, *id;

	if (len <= NAME_TIME_LEN + 1 + ID_LEN || len >= NAME_SIZE || !is_time(name) || request[-1] != '-' ||
	    !all_plain(request, end - request))
		return false;
	id = last_dash(request, end);
	duration = id ? last_dash(request, id) : NULL;
	status = duration ? last_dash(request, duration) : NULL;
	if (!status || status == request)
		return false;
	if (end - id != ID_LEN + 1 || strspn(id + 1, "0123456789abcdef") < ID_LEN)
		return false;
	if (!is_number(status + 1, duration) || id - duration < 4 || memcmp(id - 2, "ms", 2) || !is_number(duration + 1, id - 2))
		return false;
	*ret = (struct name_parts){
		.time = name,
		.request = request,
		.request_len = status - request,
		.status = strtol(status + 1, NULL, 10),
		.duration_ms = strtoull(duration + 1, NULL, 10),
		.id = id + 1,
	};
	return true;
}
