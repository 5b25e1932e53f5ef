/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * database: a peer to wait for. Prints "port N". A client sends a line "MS\n" and gets, so many milliseconds later, the 8 bytes of
 * the CLOCK_MONOTONIC nanoseconds at which the answer was sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <pthread.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <signal.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static uint64_t now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000ULL + t.tv_nsec;
}

static void sleep_ms(long ms)
{
	struct timespec t = {ms / 1000, ms % 1000 * 1000000};

	while (clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &t) == EINTR)
		;
}

static void *serve(void *arg)
{
	int fd = (intptr_t)arg;
	char line[32];
	ssize_t n;

	while ((n = read(fd, line, sizeof line - 1)) > 0) {
		uint64_t sent;

		line[n] = 0;
		sleep_ms(atol(line));
		sent = now();
		if (write(fd, &sent, sizeof sent) != sizeof sent)
			break;
	}
	close(fd);
	return NULL;
}

int main(void)
{
	struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof a;
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (bind(fd, (struct sockaddr *)&a, sizeof a) || listen(fd, 64) || getsockname(fd, (struct sockaddr *)&a, &len)) {
		perror("database");
		return 1;
	}
	printf("port %d\n", ntohs(a.sin_port));
	fflush(stdout);
	for (;;) {
		int c = accept(fd, NULL, NULL);
		pthread_t t;

		if (c >= 0 && !pthread_create(&t, NULL, serve, (void *)(intptr_t)c))
			pthread_detach(t);
	}
}
