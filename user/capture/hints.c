/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/hints.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/printable.h"

void hints_init(struct hints *h, const struct worker_options *options)
{
	*h = (struct hints){.options = options};
}

/* What may come in place of a request, and what that means. */
static const struct {
	enum rp_counter counter;
	const char *what;
} instead[] = {
	{RP_COUNT_tls, "connections speak TLS (attach to what decrypts it, name a --handler, or send plain HTTP)"},
	{RP_COUNT_http2, "connections speak HTTP/2 (name a --handler; of sockets only HTTP/1.x is read)"},
	{RP_COUNT_unreadable, "reads could not be seen (io_uring or splice)"},
	{RP_COUNT_not_http, "connections do not begin with an HTTP/1 request"},
	{RP_COUNT_framing_lost, "connections have invalid message lengths"},
};

static void put_instead(FILE *f, const struct counters *c)
{
	const char *separator = "";

	for (size_t i = 0; i < ARRAY_LEN(instead); i++) {
		uint64_t n = counter_sum(c, instead[i].counter);

		if (!n)
			continue;
		fprintf(f, "%s%llu %s", separator, (unsigned long long)n, instead[i].what);
		separator = "; ";
	}
	if (!*separator)
		fprintf(f,
			"%llu reads from sockets, none with the begin of a request: connections that were open before are read from "
			"their next request without a body on",
			(unsigned long long)COUNTER(c, received));
}

char *hint_no_request(struct hints *h, const struct counters *c, uint64_t since_start_ns)
{
	char *text = NULL;
	size_t len;
	FILE *f;

	if (h->no_request_said || since_start_ns < HINT_NO_REQUEST_NS)
		return NULL;
	h->no_request_said = true;
	if (COUNTER(c, requests))
		return NULL;
	if (h->options->n_handlers && !h->options->handlers_automatic)
		return xstrdup("no request yet after 10 s: the handler was not called; is it the right one, and does anybody send?");
	if (!COUNTER(c, received) && !COUNTER(c, unreadable))
		return xstrdup("no request yet after 10 s: nothing was received; is this the process that serves, and does anybody send?");
	f = open_memstream(&text, &len);
	if (!f)
		return NULL;
	fputs("no request yet after 10 s: ", f);
	put_instead(f, c);
	fclose(f);
	return text;
}

char *hint_near(struct hints *h, const struct rp_near *near)
{
	size_t len = near->len < sizeof near->value ? near->len : sizeof near->value;
	const struct worker_marker *m;
	_cleanup_free_ char *value = NULL;
	int name_len;

	if (near->marker >= h->options->n_markers || near->marker >= 32 || h->near_said & 1U << near->marker)
		return NULL;
	h->near_said |= 1U << near->marker;
	m = &h->options->markers[near->marker];
	name_len = strcspn(m->text, "=");
	if (m->secret)
		return xasprintf("seen %.*s=…: not the marker's value", name_len, m->text);
	value = printable(near->value, len, RP_NEAR_VALUE_MAX);
	return xasprintf("seen %.*s=%s: the marker is %s", name_len, m->text, value, m->text);
}

/* Bytes at the begin of a target's path that need no quoting in a shell and mean only themselves in a pattern. */
static int plain_path_len(const char *target)
{
	int n = 0;

	while (isalnum((unsigned char)target[n]) || (target[n] && strchr("/-._~%+,:@", target[n])))
		n++;
	return n;
}

char *hint_refused_by_app(struct hints *h, const struct request *r)
{
	bool has_parameter = r->marker && strncmp(r->marker, "path:", 5);

	if (h->refused_by_app_said || !has_parameter || !r->target || r->status < 400 || r->status > 499)
		return NULL;
	h->refused_by_app_said = true;
	return xasprintf("the app refused it (%d); if because of the extra parameter: -m 'path:%.*s*'", r->status,
			 plain_path_len(r->target), r->target);
}
