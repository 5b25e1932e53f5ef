/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/access.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>

#include "base/cleanup.h"
#include "page/catalog.h"

#define HOST_MAX 255

/* ---- the token ---------------------------------------------------------------------------------------------------- */

int access_token(char ret[ACCESS_TOKEN_LEN + 1])
{
	uint8_t bytes[ACCESS_TOKEN_LEN / 2];
	ssize_t n;

	do
		n = getrandom(bytes, sizeof bytes, 0);
	while (n < 0 && errno == EINTR);
	if (n != sizeof bytes)
		return n < 0 ? -errno : -EIO;
	for (size_t i = 0; i < sizeof bytes; i++)
		snprintf(ret + 2 * i, 3, "%02x", bytes[i]);
	return 0;
}

const char *access_path(const char *path, const char *token)
{
	volatile uint8_t differ = 0; /* the compiler must not end the loop when it knows enough */

	if (path[0] != '/' || strnlen(path + 1, ACCESS_TOKEN_LEN) != ACCESS_TOKEN_LEN)
		return NULL;
	for (size_t i = 0; i < ACCESS_TOKEN_LEN; i++)
		differ |= path[1 + i] ^ token[i];
	return differ || path[1 + ACCESS_TOKEN_LEN] != '/' ? NULL : path + 1 + ACCESS_TOKEN_LEN + 1;
}

/* ---- the host ----------------------------------------------------------------------------------------------------- */

static bool is_port(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n >= 1 && n <= 5 && !s[n];
}

/* "[ADDRESS]" with or without ":PORT" */
static bool is_ipv6(const char *host)
{
	const char *end = strchr(host, ']');
	char address[INET6_ADDRSTRLEN];
	struct in6_addr parsed;

	if (host[0] != '[' || !end || (size_t)(end - host) > sizeof address || (end[1] && (end[1] != ':' || !is_port(end + 2))))
		return false;
	*(char *)mempcpy(address, host + 1, end - host - 1) = '\0';
	return inet_pton(AF_INET6, address, &parsed) == 1;
}

bool access_host(const char *host, const char *name)
{
	size_t len = strcspn(host, ":");
	char bare[HOST_MAX + 1];
	struct in_addr parsed;

	if (host[0] == '[')
		return is_ipv6(host);
	if (!len || len > HOST_MAX || (host[len] && !is_port(host + len + 1)))
		return false;
	*(char *)mempcpy(bare, host, len) = '\0';
	return inet_pton(AF_INET, bare, &parsed) == 1 || !strcasecmp(bare, "localhost") || (name && *name && !strcasecmp(bare, name));
}

/* ---- files -------------------------------------------------------------------------------------------------------- */

static const struct {
	const char *extension;
	struct access_file how;
} kinds[] = {
	{".html", {"text/html; charset=utf-8", .page = true}},
	{".json", {"application/json", false, false}},
	{".txt", {"text/plain; charset=utf-8", false, false}},
	{".folded", {"text/plain; charset=utf-8", false, false}},
};

bool access_file(const char *name, struct access_file *ret)
{
	size_t len = strlen(name);

	*ret = (struct access_file){"application/octet-stream", .download = true};
	if (!catalog_is_file(name))
		return false;
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		size_t n = strlen(kinds[i].extension);

		if (len > n && !strcmp(name + len - n, kinds[i].extension))
			*ret = kinds[i].how;
	}
	return true;
}
