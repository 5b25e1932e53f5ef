/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/listen.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/quantity.h"

#define DEFAULT_PORT 7777
#define BACKLOG 64
#define ADDRESS_TEXT 64

/* ---- addresses ---------------------------------------------------------------------------------------------------- */

static bool set_address(const char *text, uint16_t port, struct listen_address *a)
{
	*a = (struct listen_address){0};
	if (!strcmp(text, "localhost"))
		text = "127.0.0.1";
	if (inet_pton(AF_INET, text, &a->addr.v4.sin_addr) == 1) {
		a->addr.v4.sin_family = AF_INET;
		a->addr.v4.sin_port = htons(port);
		a->len = sizeof a->addr.v4;
		return true;
	}
	a->addr.v6 = (struct sockaddr_in6){.sin6_family = AF_INET6, .sin6_port = htons(port)};
	a->len = sizeof a->addr.v6;
	return inet_pton(AF_INET6, text, &a->addr.v6.sin6_addr) == 1;
}

int listen_parse(const char *text, struct listen_address *ret)
{
	size_t bracket = text[0] == '[' ? strcspn(text, "]") : 0;
	const char *colon = strchr(text + bracket, ':');
	_cleanup_free_ char *address = NULL;
	uint64_t port = DEFAULT_PORT;

	if (bracket && (!text[bracket] || (text[bracket + 1] && text + bracket + 1 != colon)))
		return -EINVAL;
	if (!bracket && colon && strchr(colon + 1, ':')) /* IPv6 without brackets: all of it is the address */
		return set_address(text, port, ret) ? 0 : -EINVAL;
	if (!bracket && !colon && !quantity_number(text, 0, 65535, &port))
		return set_address("localhost", port, ret) ? 0 : -EINVAL;
	if (colon && quantity_number(colon + 1, 0, 65535, &port))
		return -EINVAL;
	if (bracket)
		address = xstrndup(text + 1, bracket - 1);
	else
		address = colon ? xstrndup(text, colon - text) : xstrdup(text);
	if (bracket && !strchr(address, ':'))
		return -EINVAL;
	return set_address(*address ? address : "localhost", port, ret) ? 0 : -EINVAL;
}

bool listen_is_loopback(const struct listen_address *a)
{
	if (a->addr.any.sa_family == AF_INET)
		return ntohl(a->addr.v4.sin_addr.s_addr) >> 24 == 127;
	return IN6_IS_ADDR_LOOPBACK(&a->addr.v6.sin6_addr);
}

static bool means_all(const struct listen_address *a)
{
	if (a->addr.any.sa_family == AF_INET)
		return a->addr.v4.sin_addr.s_addr == htonl(INADDR_ANY);
	return IN6_IS_ADDR_UNSPECIFIED(&a->addr.v6.sin6_addr);
}

static uint16_t port_of(const struct listen_address *a)
{
	return ntohs(a->addr.any.sa_family == AF_INET ? a->addr.v4.sin_port : a->addr.v6.sin6_port);
}

/* As it stands in a URL. */
static const char *host_of(const struct listen_address *a, char text[ADDRESS_TEXT])
{
	char plain[INET6_ADDRSTRLEN] = "?";

	if (a->addr.any.sa_family == AF_INET) {
		inet_ntop(AF_INET, &a->addr.v4.sin_addr, text, ADDRESS_TEXT);
		return text;
	}
	inet_ntop(AF_INET6, &a->addr.v6.sin6_addr, plain, sizeof plain);
	snprintf(text, ADDRESS_TEXT, "[%s]", plain);
	return text;
}

/* ---- the socket --------------------------------------------------------------------------------------------------- */

static int bound_socket(struct listen_address *a)
{
	_cleanup_close_ int fd = socket(a->addr.any.sa_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int on = 1;

	if (fd < 0)
		return -errno;
	if (setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) || bind(fd, &a->addr.any, a->len) || listen(fd, BACKLOG))
		return -errno;
	if (getsockname(fd, &a->addr.any, &a->len))
		return -errno;
	return TAKE_FD(fd);
}

int listen_open(struct listen_address *a, const char *option)
{
	char host[ADDRESS_TEXT];
	uint16_t port = port_of(a);
	int fd = bound_socket(a);

	if (fd >= 0)
		return fd;
	if (fd == -EADDRINUSE)
		return log_error("cannot serve on %s:%u: the port is in use, perhaps by another reqprof; %s%s:0 takes a free one", host_of(a, host),
				 port, option, host);
	if (fd == -EACCES)
		return log_error("cannot serve on %s:%u: only root may use ports below 1024; %s%s:0 takes a free one", host_of(a, host), port,
				 option, host);
	if (fd == -EADDRNOTAVAIL)
		return log_error("cannot serve on %s:%u: no interface of this machine has that address; leave it to " LISTEN_DEFAULT,
				 host_of(a, host), port);
	return log_error("cannot serve on %s:%u: %s", host_of(a, host), port, strerror(-fd));
}

/* ---- how to reach it ---------------------------------------------------------------------------------------------- */

char *listen_url(const struct listen_address *a, const char *token, const char *name)
{
	char host[ADDRESS_TEXT];

	return xasprintf("http://%s:%u/%s/", means_all(a) && *name ? name : host_of(a, host), port_of(a), token);
}

static bool is_address(const char *s)
{
	struct in6_addr address;

	return inet_pton(AF_INET, s, &address) == 1 || inet_pton(AF_INET6, s, &address) == 1;
}

char *listen_ssh(const struct listen_address *a, const char *connection, const char *user)
{
	char client[INET6_ADDRSTRLEN], server[INET6_ADDRSTRLEN], client_port[8], server_port[8], host[ADDRESS_TEXT];
	uint64_t port;

	if (!listen_is_loopback(a) || sscanf(connection, "%45s %7s %45s %7s", client, client_port, server, server_port) != 4 ||
	    !is_address(server) || quantity_number(server_port, 1, 65535, &port))
		return NULL;
	host_of(a, host);
	if (port != 22)
		return xasprintf("ssh -p %u -L %u:%s:%u %s@%s", (unsigned)port, port_of(a), host, port_of(a), user, server);
	return xasprintf("ssh -L %u:%s:%u %s@%s", port_of(a), host, port_of(a), user, server);
}
