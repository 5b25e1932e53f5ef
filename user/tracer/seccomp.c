/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "tracer/seccomp.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "tracer/own_code.h"

static bool is_filtered(pid_t pid)
{
	_cleanup_fclose_ FILE *f = NULL;
	char path[64], line[256];
	int mode = 0;

	snprintf(path, sizeof path, "/proc/%d/status", pid);
	f = fopen(path, "re");
	while (f && fgets(line, sizeof line, f))
		if (sscanf(line, "Seccomp:\t%d", &mode) == 1)
			break;
	return mode == SECCOMP_MODE_FILTER;
}

/* ---- a process to try it on ------------------------------------------------------------------------------------------------ */

static __attribute__((noinline, noclone)) int probed(int n)
{
	__asm__ volatile("" : "+r"(n));
	return n + 1;
}

/* It knows how to wait and how to end. */
static int confine(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_read, 2, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_exit_group, 1, 0),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = ARRAY_LEN(code), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0) ? -errno : 0;
}

/* Waits until it is told to call what is probed. */
static void child(int told)
{
	int (*volatile call)(int n) = probed;
	char byte;

	if (confine() || read(told, &byte, 1) != 1)
		_exit(2);
	_exit(call(1) != 2);
}

static bool try(const struct uprobes *like, pid_t pid, int tell)
{
	uint64_t offset = own_code_offset((const void *)probed);
	const struct uprobes u = {
		.program = like->program, .attach_type = like->attach_type, .path = "/proc/self/exe", .offsets = &offset, .n = 1, .pid = pid, .on_return = true,
	};
	struct links links = {0};
	bool attached = offset && !links_add(&links, &u, 0) && write(tell, "", 1) == 1;
	int status = 1;

	close(tell);
	waitpid(pid, &status, 0);
	links_close_all(&links);
	return attached && WIFEXITED(status) && !WEXITSTATUS(status);
}

/* Does a process under a strict filter survive it? */
static bool survives(const struct uprobes *like)
{
	int told[2];
	pid_t pid;

	if (pipe2(told, O_CLOEXEC))
		return false;
	pid = fork();
	if (!pid) {
		close(told[1]);
		child(told[0]);
	}
	close(told[0]);
	if (pid > 0)
		return try(like, pid, told[1]);
	close(told[1]);
	return false;
}

bool seccomp_refuses_returns(pid_t pid, const struct uprobes *like)
{
	static int safe = -1;

	if (!is_filtered(pid))
		return false;
	if (safe < 0)
		safe = survives(like);
	if (!safe)
		log_error("process %d: it runs under a seccomp filter, and this kernel ends such a process when the return of one of its functions is "
			  "probed; name another function as the end: --handler SYMBOL,…,end=SYMBOL", pid);
	return !safe;
}
