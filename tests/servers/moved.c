/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A server that has the functions and the version of h2o, and keeps a request as that does; but for paths that begin with /moved, where another one
 * stands in the place of the path: moved PORT. To be recorded it has to be called h2o.
 */
#include <arpa/inet.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

struct text {
	const char *bytes;
	size_t len;
};

/* As in h2o 2.2: include/h2o.h, struct st_h2o_req_t. */
struct request {
	void *connection, *scheme;
	struct text authority, method, path;
	char between[272];
	int status;
};
_Static_assert(offsetof(struct request, path) == 48 && offsetof(struct request, status) == 336, "as in h2o");

const char *volatile version = "h2o/2.2.6";
static const char elsewhere[] = "/elsewhere?profile=1";

void h2o_process_request(struct request *r);
void h2o_dispose_request(struct request *r);

__attribute__((noinline)) void h2o_process_request(struct request *r)
{
	r->status = 200;
	__asm__ volatile("" : : "r"(r) : "memory");
}

__attribute__((noinline)) void h2o_dispose_request(struct request *r)
{
	__asm__ volatile("" : : "r"(r) : "memory");
}

static void answer(int fd, char *line)
{
	struct request r = {.method = {line, strcspn(line, " ")}};
	char *path = line + r.method.len + 1;
	bool moved = !strncmp(path, "/moved", 6);

	r.path = moved ? (struct text){elsewhere, strlen(elsewhere)} : (struct text){path, strcspn(path, " ")};
	h2o_process_request(&r);
	if (dprintf(fd, "HTTP/1.1 %d OK\r\nContent-Length: 0\r\n\r\n", r.status) < 0)
		perror("write");
	h2o_dispose_request(&r);
}

static void serve(int fd)
{
	char buffer[4096];
	ssize_t n;

	while ((n = read(fd, buffer, sizeof buffer - 1)) > 0) {
		buffer[n] = 0;
		if (strchr(buffer, ' '))
			answer(fd, buffer);
	}
	close(fd);
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons(argc > 1 ? atoi(argv[1]) : 0), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int s = socket(AF_INET, SOCK_STREAM, 0), one = 1, fd;

	signal(SIGPIPE, SIG_IGN);
	setsockopt(s, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
	if (bind(s, (struct sockaddr *)&a, sizeof a) || listen(s, 16)) {
		perror(argv[0]);
		return 1;
	}
	while ((fd = accept(s, NULL, NULL)) >= 0)
		serve(fd);
	return 0;
}
