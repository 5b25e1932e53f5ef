/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A server of a private protocol, whose requests only its functions show: a line PATH on its input gets a line STATUS on its output. PATH says what
 * it does, "/cpu:20/sleep:5" in ms; it is handled as its begin says:
 *   /ends/   by begin_request(r) and end_request(r), with the work between them
 *   /jump/   by serve(r), which leaves by longjmp()
 *   /nested/ by serve(r), which calls itself
 *   /exit/   by serve(r) on a thread that ends inside of it
 *   /cancel/ the same on one that is cancelled
 *   /calls:N by N calls of called(r), called_back(r) and leaf(r)
 *   else by serve(r)
 * With an argument it runs under a seccomp filter.
 */
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <setjmp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#define SYSCALLS_OF_THE_KERNEL 335 /* arch/x86/entry/syscalls/syscall_64.tbl: uretprobe */

struct text {
	size_t len;
	char *data;
};

union place {
	struct text view;
	struct {
		size_t unused;
		const char *uri;
	};
};

struct request {
	short status;
	struct {
		union place place[2];
	};
	char name[64];
	struct text line;
	const char *method;
	struct request *self;
};

static _Thread_local jmp_buf out;

static double seconds(clockid_t clock)
{
	struct timespec t;

	clock_gettime(clock, &t);
	return t.tv_sec + t.tv_nsec / 1e9;
}

__attribute__((noinline)) static void compute(double s)
{
	double until = seconds(CLOCK_THREAD_CPUTIME_ID) + s;

	while (seconds(CLOCK_THREAD_CPUTIME_ID) < until)
		;
}

__attribute__((noinline)) static void operate(const char *path)
{
	for (const char *p = strchr(path, ':'); p; p = strchr(p + 1, ':')) {
		double ms = strtod(p + 1, NULL);

		if (p[-1] == 'u')
			compute(ms / 1e3);
		else
			usleep(ms * 1e3);
	}
}

static int starts(const struct request *r, const char *with)
{
	return !strncmp(r->line.data, with, strlen(with));
}

static void answer(int status)
{
	printf("%d\n", status);
	fflush(stdout);
}

int serve(struct request *r);
void begin_request(struct request *r);
void end_request(struct request *r);
void called(struct request *r);
void called_back(struct request *r);
void leaf(struct request *r);

/* The compiler makes apart.constprop.0 of it. */
__attribute__((noinline)) static int apart(struct request *r, int n)
{
	r->self = r;
	__asm__ volatile("" : : : "memory");
	return n - 5;
}

__attribute__((noinline)) int serve(struct request *r)
{
	if (starts(r, "/nested/")) {
		struct request inner = *r;

		inner.line.data += strlen("/nested");
		serve(&inner);
	}
	operate(r->line.data);
	r->status = 207;
	if (starts(r, "/jump/"))
		longjmp(out, 1);
	if (starts(r, "/exit/")) {
		answer(r->status);
		pthread_exit(NULL);
	}
	if (starts(r, "/cancel/")) {
		answer(r->status);
		pthread_cancel(pthread_self());
		pause();
	}
	return 203 + apart(r, 5);
}

__attribute__((noinline)) void begin_request(struct request *r)
{
	r->self = r;
}

__attribute__((noinline)) void end_request(struct request *r)
{
	r->self = NULL;
	__asm__ volatile("" : : : "memory");
}

/* They begin by saving a register, which the kernel emulates … */
__attribute__((noinline)) void called(struct request *r)
{
	r->self = r;
	__asm__ volatile("" : : : "memory", "rbx");
}

__attribute__((noinline)) void called_back(struct request *r)
{
	r->self = NULL;
	__asm__ volatile("" : : : "memory", "rbx");
}

/* … but this does not. */
__attribute__((noinline)) void leaf(struct request *r)
{
	r->self = r;
	__asm__ volatile("" : : : "memory");
}

static void *serve_in_thread(void *r)
{
	serve(r);
	return NULL;
}

static void handle(struct request *r)
{
	pthread_t t;

	if (starts(r, "/exit/") || starts(r, "/cancel/")) {
		pthread_create(&t, NULL, serve_in_thread, r);
		pthread_join(t, NULL);
		return;
	}
	if (starts(r, "/calls:")) {
		for (long n = strtol(r->line.data + strlen("/calls:"), NULL, 10); n > 0; n--) {
			called(r);
			called_back(r);
			leaf(r);
		}
	} else if (starts(r, "/ends/")) {
		begin_request(r);
		operate(r->line.data);
		r->status = 208;
		end_request(r);
	} else if (!setjmp(out)) {
		serve(r);
	}
	answer(r->status);
}

/* Knows no system call of the kernel's own. */
static void confine(void)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, SYSCALLS_OF_THE_KERNEL, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog filter = {.len = sizeof code / sizeof *code, .filter = code};

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &filter, 0, 0))
		abort();
}

int main(int argc, char **argv)
{
	char line[512];

	(void)argv;
	if (argc > 1)
		confine();

	while (fgets(line, sizeof line, stdin)) {
		struct request r = {.method = "ASK"};

		line[strcspn(line, "\n")] = 0;
		r.line = (struct text){strlen(line), line};
		r.place[1].uri = line;
		snprintf(r.name, sizeof r.name, "%.63s", line);
		handle(&r);
	}
}
