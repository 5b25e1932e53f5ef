/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/clients.h"

#include <stdlib.h>
#include <sys/socket.h>

#include "base/alloc.h"

#define REQUEST_MAX_NS (10 * 1000000000ULL)
#define RESPONSE_MAX_NS (300 * 1000000000ULL)

struct client *client_new(struct clients *all, int fd, uint64_t now_ns)
{
	struct client *c = xcalloc(1, sizeof *c);

	*c = (struct client){.next = all->first, .self = &all->first, .fd = fd, .since_ns = now_ns};
	if (c->next)
		c->next->self = &c->next;
	all->first = c;
	return c;
}

void client_free(struct client *c)
{
	*c->self = c->next;
	if (c->next)
		c->next->self = c->self;
	free(c);
}

void client_begin(struct client *c, bool endless, uint64_t now_ns)
{
	c->answered = true;
	c->endless = endless;
	c->since_ns = now_ns;
}

void client_end(struct client *c, uint64_t now_ns)
{
	c->answered = c->endless = false;
	c->since_ns = now_ns;
}

void clients_sweep(struct clients *all, uint64_t now_ns)
{
	for (struct client *c = all->first; c; c = c->next)
		if (!c->endless && now_ns - c->since_ns > (c->answered ? RESPONSE_MAX_NS : REQUEST_MAX_NS))
			shutdown(c->fd, SHUT_RDWR);
}
