/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * pool [WORKERS [DATABASE_PORT]]: prints "port N". Every worker accepts connections and reads its own requests, blocking, keep-alive.
 * GET /do/OP:ARGUMENT/OP:ARGUMENT… does the operations one after the other and answers with the truth about them as JSON; those after deep:N from
 * N frames further down the stack.
 */
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "pool.h"

#define OPERATIONS 16

static int listening;
static int database_port;

struct answer {
	char body[4096];
	size_t len;
};

static void put_truth(struct answer *a, const struct truth *t, const char *separator)
{
	a->len += snprintf(a->body + a->len, sizeof a->body - a->len,
			   "%s{\"op\":\"%s\",\"cpu_ns\":%llu,\"wait_ns\":%llu,\"wall_ns\":%llu,\"object\":\"%s\"}", separator, t->name,
			   (unsigned long long)t->cpu_ns, (unsigned long long)t->wait_ns, (unsigned long long)t->wall_ns, t->object);
}

struct job {
	struct worker *worker;
	char *next;             /* what is left of the path */
	const char *separator;
	struct answer *answer;
};

/* The operations of the path; false: one is unknown. */
static int operate_all(void *arg)
{
	struct job *job = arg;

	for (int i = 0; i < OPERATIONS && job->next; i++) {
		char *op = job->next, *colon;
		struct truth t = {0};

		job->next = strchr(op, '/');
		if (job->next)
			*job->next++ = 0;
		colon = strchr(op, ':');
		if (colon)
			*colon++ = 0;
		if (!strcmp(op, "deep"))
			return deeper(colon ? atol(colon) : 0, operate_all, job);
		if (operate(job->worker, op, colon ? atol(colon) : 0, &t))
			return 0;
		put_truth(job->answer, &t, job->separator);
		job->separator = ",";
	}
	return 1;
}

static int answer(struct worker *w, int fd, char *target)
{
	uint64_t cpu = clock_ns(CLOCK_THREAD_CPUTIME_ID), wall = clock_ns(CLOCK_MONOTONIC);
	struct answer a = {.len = 0};
	struct job job = {.worker = w, .next = target + 4, .separator = "", .answer = &a};
	char head[160];
	int known, n;

	target[strcspn(target, "?# ")] = 0;
	a.len = sprintf(a.body, "{\"tid\":%d,\"ops\":[", gettid());
	known = !strncmp(target, "/do/", 4) && operate_all(&job);
	a.len += snprintf(a.body + a.len, sizeof a.body - a.len, "],\"cpu_ns\":%llu,\"wall_ns\":%llu}\n",
			  (unsigned long long)(clock_ns(CLOCK_THREAD_CPUTIME_ID) - cpu), (unsigned long long)(clock_ns(CLOCK_MONOTONIC) - wall));
	n = snprintf(head, sizeof head, "HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %zu\r\n\r\n",
		     known ? "200 OK" : "404 Not Found", a.len);
	memmove(a.body + n, a.body, a.len);
	memcpy(a.body, head, n);
	return write(fd, a.body, n + a.len) == (ssize_t)(n + a.len);
}

static void serve(struct worker *w, int fd)
{
	char request[8192];
	size_t have = 0;

	for (;;) {
		ssize_t n = read(fd, request + have, sizeof request - 1 - have);

		if (n <= 0)
			return;
		have += n;
		request[have] = 0;
		if (!strstr(request, "\r\n\r\n"))
			continue;
		if (strncmp(request, "GET ", 4) || !answer(w, fd, request + 4))
			return;
		have = 0;
	}
}

static void *work(void *arg)
{
	struct worker *w = arg;

	for (;;) {
		int one = 1, fd = accept4(listening, NULL, NULL, SOCK_CLOEXEC);

		if (fd < 0)
			continue;
		setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
		serve(w, fd);
		close(fd);
	}
	return NULL;
}

int main(int argc, char **argv)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	int workers = argc > 1 ? atoi(argv[1]) : 4;
	socklen_t len = sizeof a;

	database_port = argc > 2 ? atoi(argv[2]) : 0;
	listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (bind(listening, (struct sockaddr *)&a, sizeof a) || listen(listening, 128) || getsockname(listening, (struct sockaddr *)&a, &len)) {
		perror("pool");
		return 1;
	}
	for (int i = 0; i < workers; i++) {
		struct worker *w = calloc(1, sizeof *w);
		pthread_t t;

		worker_init(w, database_port);
		if (pthread_create(&t, NULL, work, w))
			return 1;
	}
	printf("port %d\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;)
		pause();
}
