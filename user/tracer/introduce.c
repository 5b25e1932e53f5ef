/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/introduce.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/cleanup.h"
#include "base/process.h"
#include "base/protocol.h"
#include "tracer/image.h"
#include "tracer/programs.h"

#define ANCESTORS_MAX 4

/* The command line of what multiprocessing starts, and of what that forks, is multiprocessing's: the program is the one that asked for it. */
static void read_program(pid_t pid, struct program *ret)
{
	program_read(pid, ret);
	for (int i = 0; i < ANCESTORS_MAX && (ret->spawned || ret->helper) && (pid = process_parent(pid)) > 0; i++) {
		program_clear(ret);
		program_read(pid, ret);
	}
}

static void tell(int worker, enum msg_type type, pid_t pid, const char *text)
{
	struct pollfd fd = {.fd = worker, .events = POLLOUT};
	struct msg msg = {.type = type, .pid = pid};

	snprintf(msg.name, sizeof msg.name, "%s", text);
	if (poll(&fd, 1, 0) > 0 && fd.revents == POLLOUT)
		msg_send(worker, &msg, NULL, 0);
}

void introduce(int worker, pid_t pid)
{
	_cleanup_free_ char *runtime = NULL;
	struct program program;
	struct image image;

	if (image_read(pid, &image))
		return; /* it is gone */
	read_program(pid, &program);
	runtime = image.found.runtime ? image_text(&image, &program) : NULL;
	if (strcmp(program.name, "?")) {
		tell(worker, MSG_PROGRAM, pid, program.name);
		tell(worker, MSG_RUNTIME, pid, runtime ?: "");
	}
	program_clear(&program);
}
