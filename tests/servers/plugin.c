/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A library without frame pointers that burns CPU 20 calls deep, in functions of its own NAME. */
#include <time.h>

#define GLUE(a, b) a##b
#define FUNCTION(name, suffix) GLUE(name, suffix)

int FUNCTION(NAME, _work)(int ms);

static volatile unsigned long sink;

static double cpu_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

__attribute__((noinline)) static int FUNCTION(NAME, _leaf)(int ms)
{
	double end = cpu_ms() + ms;

	while (cpu_ms() < end)
		for (int i = 0; i < 20000; i++)
			sink += i;
	return ms;
}

__attribute__((noinline)) static int FUNCTION(NAME, _level)(int depth, int ms)
{
	volatile char frame[64];

	frame[0] = depth;
	return (depth ? FUNCTION(NAME, _level)(depth - 1, ms) : FUNCTION(NAME, _leaf)(ms)) + frame[0];
}

int FUNCTION(NAME, _work)(int ms)
{
	return FUNCTION(NAME, _level)(20, ms) + 1;
}
