/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/handler_links.h"

#include <bpf/bpf.h>
#include <errno.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "tracer/seccomp.h"
#include "tracer/uprobe_multi.h"

void handler_programs_configure(const struct handler_programs *p, bool wanted)
{
	struct bpf_program *const programs[] = {p->entry, p->on_return, p->end, p->turn_entry, p->turn_return, p->turn};

	for (size_t i = 0; i < ARRAY_LEN(programs) && programs[i]; i++) {
		bpf_program__set_expected_attach_type(programs[i], programs[i] == p->turn ? UPROBE_SESSION_ATTACH_TYPE : p->attach_type);
		bpf_program__set_autoload(programs[i], wanted);
		bpf_program__set_autoattach(programs[i], false);
	}
}

/* The index by which the programs know it: the same for equal ones. −ENOSPC: there are too many. */
static int handler_index(struct handler_links *hl, int handlers_fd, const struct rp_handler *handler)
{
	uint32_t index;

	for (index = 0; index < hl->n; index++)
		if (!memcmp(&hl->list[index], handler, sizeof *handler))
			return index;
	if (index == RP_MAX_HANDLERS)
		return -ENOSPC;
	if (bpf_map_update_elem(handlers_fd, &index, handler, BPF_ANY))
		return -errno;
	hl->list[hl->n++] = *handler;
	return index;
}

static uint32_t places_of(const struct msg_place *places, size_t n, enum msg_place_kind kind, uint64_t ret_offsets[MSG_PLACES_MAX])
{
	uint32_t found = 0;

	for (size_t i = 0; i < n; i++)
		if (places[i].kind == kind)
			ret_offsets[found++] = places[i].offset;
	return found;
}

int handler_links_allowed(const struct handler_programs *p, pid_t pid, const struct msg_place *places, size_t n)
{
	const struct uprobes like = {.program = p->on_return, .attach_type = p->attach_type};
	uint64_t offsets[MSG_PLACES_MAX];

	if (!places_of(places, n, PLACE_RETURN, offsets) && !places_of(places, n, PLACE_TURN, offsets))
		return 0;
	return seccomp_refuses_returns(pid, &like) ? -EPERM : 0;
}

int handler_links_add(struct handler_links *hl, const struct handler_programs *p, struct links *links, const struct handler_where *where,
		      const struct rp_handler *handler)
{
	const struct {
		enum msg_place_kind kind;
		struct bpf_program *program; /* NULL = there is nothing to do */
		bool on_return;
		uint32_t attach_type;
	} probes[] = { /* ends first: a request that begins in between must not last for ever */
		{PLACE_END, p->end, false, p->attach_type},
		{PLACE_RETURN, p->on_return, true, p->attach_type},
		{PLACE_RET, p->on_return, false, p->attach_type},
		{PLACE_TURN, p->turn, false, UPROBE_SESSION_ATTACH_TYPE},
		{PLACE_TURN, p->turn ? NULL : p->turn_entry, false, p->attach_type},
		{PLACE_TURN, p->turn ? NULL : p->turn_return, true, p->attach_type},
		{PLACE_STOP, p->turn_return, false, p->attach_type},
		{PLACE_RUN, p->turn_entry, false, p->attach_type},
		{PLACE_ENTRY, p->entry, false, p->attach_type},
	};
	int index = handler_index(hl, p->handlers_fd, handler), r = index < 0 ? index : 0;

	for (size_t i = 0; i < ARRAY_LEN(probes) && !r; i++) {
		uint64_t offsets[MSG_PLACES_MAX];
		const struct uprobes u = {
			.program = probes[i].program, .attach_type = probes[i].attach_type, .path = where->path, .offsets = offsets,
			.n = places_of(where->places, where->n, probes[i].kind, offsets), .cookie = index, .pid = where->pid,
			.on_return = probes[i].on_return,
		};

		if (u.n && u.program)
			r = links_add(links, &u, where->number);
	}
	return r;
}
