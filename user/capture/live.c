/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/live.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "capture/claims.h"
#include "capture/contexts.h"
#include "capture/groups.h"
#include "capture/live_record.h"

void live_init(struct live *l, const struct worker_options *options, struct namer *namer)
{
	*l = (struct live){.options = options, .namer = namer};
	l->finished_tail = &l->finished;
}

static void request_free(struct live_request *r)
{
	profile_free(r->profile);
	profile_free(r->others);
	free(r->processes.list);
	stacks_free(&r->stacks);
	record_log_free(&r->log);
	free(r);
}

static void free_list(struct live_request *r)
{
	while (r) {
		struct live_request *next = r->next;

		request_free(r);
		r = next;
	}
}

void live_fini(struct live *l)
{
	free_list(l->requests);
	free_list(l->finished);
	groups_free(l);
}

/* ---- which request ----------------------------------------------------------------------------------------------- */

static bool has_ended(const struct live *l, uint32_t serial)
{
	unsigned int n = l->n_ended < LIVE_ENDED_MAX ? l->n_ended : LIVE_ENDED_MAX;

	for (unsigned int i = 0; i < n; i++)
		if (l->ended[i] == serial)
			return true;
	return false;
}

struct live_request *live_find(struct live *l, uint32_t serial)
{
	for (struct live_request *r = l->requests; r; r = r->next)
		if (r->serial == serial)
			return r;
	return NULL;
}

/* A request is made by the first event that names it, so that one whose begin was dropped is counted when it ends. */
static struct live_request *find_or_make(struct live *l, uint32_t serial)
{
	struct live_request *r = live_find(l, serial);

	if (r || !serial || l->closed || has_ended(l, serial))
		return r;
	r = xcalloc(1, sizeof *r);
	r->serial = serial;
	r->profile = profile_new();
	r->next = l->requests;
	l->requests = r;
	return r;
}

static void unlink_request(struct live *l, struct live_request *r)
{
	struct live_request **at = &l->requests;

	while (*at != r)
		at = &(*at)->next;
	*at = r->next;
	r->next = NULL;
	l->ended[l->n_ended++ % LIVE_ENDED_MAX] = r->serial;
}

/* ---- events ------------------------------------------------------------------------------------------------------ */

static void finish(struct live *l, struct live_request *r)
{
	unlink_request(l, r);
	if (!r->has_begin) {
		l->incomplete++;
		request_free(r);
		return;
	}
	*l->finished_tail = r;
	l->finished_tail = &r->next;
}

static void on_end(struct live *l, struct live_request *r, const struct rp_event *e)
{
	r->has_end = true;
	r->end = *(const struct rp_end *)e;
	finish(l, r);
}

/* The stacks of a process before its exec are named by what was mapped then. */
static void name_stacks_of(struct live *l, struct live_request *r, int pid)
{
	int maps_pid = processes_maps(&r->processes, pid, true);
	struct claims claims = claims_find(&r->log, r->begin.begin_ns, r->group || r->end.h.task);
	struct raw_stack *s, *next;

	claims_mark_stacks(&claims, &r->log, r->stacks);
	HASH_ITER(hh, r->stacks, s, next)
		if (s->pid == pid && (s->used || !claims.any))
			stack_name(s, l->namer, r->profile, maps_pid, &r->faults);
	claims_free(&claims);
}

/* An exec is no request's own event: all that the process works for are concerned, also those whose report is not written yet. */
static void on_exec(struct live *l, int pid)
{
	struct live_request *const lists[] = {l->requests, l->finished};
	bool concerns = false;

	for (size_t i = 0; i < ARRAY_LEN(lists); i++) {
		for (struct live_request *r = lists[i]; r; r = r->next) {
			if (!processes_has(&r->processes, pid))
				continue;
			name_stacks_of(l, r, pid);
			processes_exec(&r->processes, pid);
			concerns = true;
		}
	}
	if (concerns && namer_renew_process(l->namer, pid))
		log_debug("process %d was gone before its mappings could be read", pid);
}

bool live_event(struct live *l, const struct rp_event *e)
{
	struct live_request *r;

	if (e->type == RP_EV_EXEC) {
		on_exec(l, e->pid);
		return true;
	}
	if (groups_event(l, e))
		return true;
	r = find_or_make(l, e->request);
	if (!r) {
		l->given_up += l->closed && e->type == RP_EV_BEGIN;
		return true;
	}
	if (e->type == RP_EV_END) {
		on_end(l, r, e);
		return true;
	}
	if (live_record(l, r, e))
		return true;
	return context_event(r, e);
}

/* ---- the end of requests ----------------------------------------------------------------------------------------- */

struct live_request *live_finished(const struct live *l)
{
	return l->finished;
}

static bool any_has(const struct live_request *r, int pid)
{
	for (; r; r = r->next)
		if (processes_has(&r->processes, pid))
			return true;
	return false;
}

static bool is_gone(int pid)
{
	return kill(pid, 0) && errno == ESRCH;
}

/* The mappings of a process that is there are kept: its next request may be over before they could be read. */
void live_release(struct live *l)
{
	struct live_request *r = l->finished;

	l->finished = r->next;
	if (!l->finished)
		l->finished_tail = &l->finished;
	for (size_t i = 0; i < r->processes.n; i++) {
		int pid = r->processes.list[i].pid;

		if (is_gone(pid) && !any_has(l->requests, pid) && !any_has(l->finished, pid))
			namer_forget_process(l->namer, pid);
	}
	request_free(r);
}

void live_cut(struct live *l)
{
	while (l->requests)
		finish(l, l->requests);
}

uint64_t live_pending(const struct live *l)
{
	uint64_t n = 0;

	for (const struct live_request *r = l->requests; r; r = r->next)
		n += r->has_begin;
	for (const struct live_request *r = l->finished; r; r = r->next)
		n++;
	return n;
}

void live_close(struct live *l)
{
	l->closed = true;
	live_cut(l);
	while (l->finished) {
		l->given_up++;
		live_release(l);
	}
}
