/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "capture/address.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <string.h>

static void unix_text(const struct rp_addr *a, char *text)
{
	size_t n = a->path_len < sizeof a->path ? a->path_len : sizeof a->path;
	char *out = mempcpy(text, "unix:", 5);

	for (size_t i = 0; i < n; i++)
		*out++ = a->path[i] ? a->path[i] : '@';
	*out = '\0';
}

void address_text(const struct rp_addr *a, char text[static ADDRESS_TEXT_MAX])
{
	char ip[INET6_ADDRSTRLEN];

	text[0] = '\0';
	switch (a->family) {
	case RP_AF_INET:
		if (inet_ntop(AF_INET, a->ip, ip, sizeof ip))
			snprintf(text, ADDRESS_TEXT_MAX, "%s:%u", ip, a->port);
		break;
	case RP_AF_INET6:
		if (inet_ntop(AF_INET6, a->ip, ip, sizeof ip))
			snprintf(text, ADDRESS_TEXT_MAX, "[%s]:%u", ip, a->port);
		break;
	case RP_AF_UNIX:
		unix_text(a, text);
		break;
	}
}
