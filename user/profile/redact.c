/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/redact.h"

#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "profile/join.h"
#include "profile/scrub.h"

static char *rewrite(void *ctx, enum join_text kind, const char *s)
{
	struct scrub *scrub = ctx;

	if (kind == JOIN_FILE)
		return scrub_path(s);
	if (kind == JOIN_MODULE)
		return scrub_module(s);
	return scrub_words(scrub, s);
}

static void redact_request(struct join *j)
{
	const struct request *from = &j->from->request;
	struct request *r = &j->to->request;
	_cleanup_free_ char *target = from->target ? scrub_target(from->target, from->marker) : NULL;

	*r = *from;
	r->method = profile_string(j->to, from->method);
	r->target = profile_string(j->to, target);
	r->http_version = profile_string(j->to, from->http_version);
	r->marker = profile_string(j->to, from->marker);
	r->local = join_string(j, JOIN_WORDS, from->local);
	r->remote = join_string(j, JOIN_WORDS, from->remote);
	r->comm = join_string(j, JOIN_WORDS, from->comm);
	r->trace_id = NULL;
}

static void redact_about(struct join *j)
{
	const struct about *from = &j->from->about;
	struct about *a = &j->to->about, tables = *a;

	*a = *from;
	a->version = profile_string(j->to, from->version);
	a->kernel = join_string(j, JOIN_WORDS, from->kernel);
	a->event = join_string(j, JOIN_WORDS, from->event);
	a->interrupt = join_string(j, JOIN_WORDS, from->interrupt);
	a->arming = join_string(j, JOIN_WORDS, from->arming);
	a->program = join_string(j, JOIN_WORDS, from->program);
	a->runtime = join_string(j, JOIN_WORDS, from->runtime);
	a->command = a->host = NULL;
	a->keeps_url = a->keeps_sources = false; /* no source code is taken over */
	a->redacted = true;
	a->executables = tables.executables;
	a->n_executables = tables.n_executables;
	a->cap_executables = tables.cap_executables;
	a->truncations = tables.truncations;
	a->n_truncations = tables.n_truncations;
	a->cap_truncations = tables.cap_truncations;
}

static void copy_merged(struct profile *to, const struct profile *from)
{
	for (size_t i = 0; i < from->n_merged; i++) {
		GROW(to->merged, to->n_merged, to->cap_merged);
		to->merged[to->n_merged++] = from->merged[i];
	}
}

struct profile *profile_redact(const struct profile *p)
{
	struct scrub scrub = {.host = p->about.host};
	struct join j = {.to = profile_new(), .from = p, .rewrite = rewrite, .ctx = &scrub};

	join_begin(&j);
	redact_request(&j); /* first: its own addresses have the first numbers */
	join_work(&j, &j.to->work, &p->work);
	if (p->after) {
		j.to->after = xcalloc(1, sizeof *j.to->after);
		join_work(&j, j.to->after, p->after);
	}
	join_awaits(&j);
	join_loop_busy(&j);
	join_executables(&j);
	redact_about(&j);
	j.to->time = p->time;
	j.to->lost = p->lost;
	copy_merged(j.to, p);
	join_end(&j);
	scrub_clear(&scrub);
	return j.to;
}
