/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What sources have in common: the request line, METHOD SP target SP HTTP/1.x or a part of it, and addresses. */
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "capture/address.h"
#include "capture/redact.h"
#include "capture/sources.h"

static const char *address_string(struct profile *p, const struct rp_addr *a)
{
	char text[ADDRESS_TEXT_MAX];

	address_text(a, text);
	return *text ? profile_string(p, text) : NULL;
}

static size_t cut(const char *s, size_t n, char c)
{
	const char *found = memchr(s, c, n);

	return found ? (size_t)(found - s) : n;
}

void source_line(struct profile *p, const char *line, size_t n, const struct worker_options *options)
{
	static const char http[] = "HTTP/";
	struct request *r = &p->request;
	size_t len = cut(line, n, ' ');
	_cleanup_free_ char *target = NULL;

	r->method = profile_string_n(p, line, len);
	line += len + (len < n);
	n -= len + (len < n);
	len = cut(line, n, ' ');
	target = redact_target(line, len, options->markers, options->n_markers, options->keep_url);
	r->target = profile_string(p, target);
	line += len + (len < n);
	n -= len + (len < n);
	if (n > strlen(http) && !memcmp(line, http, strlen(http)))
		r->http_version = profile_string_n(p, line + strlen(http), cut(line, n, '\r') - strlen(http));
}

void source_addresses(struct profile *p, const struct rp_begin *begin)
{
	p->request.local = address_string(p, &begin->local);
	p->request.remote = address_string(p, &begin->remote);
}
