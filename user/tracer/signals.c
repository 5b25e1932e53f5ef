/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/signals.h"

#include <signal.h>
#include <stddef.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

int signals_open(void)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	return signalfd(-1, &set, SFD_CLOEXEC);
}

int timer_open(uint64_t ns)
{
	struct itimerspec every = {.it_interval.tv_nsec = ns, .it_value.tv_nsec = ns};
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);

	if (fd < 0 || !timerfd_settime(fd, 0, &every, NULL))
		return fd;
	close(fd);
	return -1;
}
