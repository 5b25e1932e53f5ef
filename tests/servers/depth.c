/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * depth FRAMES [SECONDS]: burns CPU that many frames down its stack, main() and what called it not counted, in one thread and without system
 * calls (the clock is the vDSO's). Prints "ready" when it is there. For the benchmarks: what a stack costs by its depth. Without SECONDS it goes
 * on until it is ended.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static volatile uint64_t sink;

__attribute__((noinline, noclone)) static void burn(double seconds)
{
	time_t end = time(NULL) + (time_t)seconds;
	uint64_t x = 1;

	puts("ready");
	fflush(stdout);
	while (!seconds || time(NULL) < end)
		for (int i = 0; i < 10000000; i++)
			x = x * 6364136223846793005ULL + i;
	sink = x;
}

/* Three functions, so that not every frame is of the same rule; none ends in its call. */
#define LEVEL(name, next, words) \
	__attribute__((noinline, noclone)) static void name(long frames, double seconds) \
	{ \
		volatile uint64_t room[words]; \
 \
		room[0] = frames; \
		if (frames > 1) \
			next(frames - 1, seconds); \
		else \
			burn(seconds); \
		sink += room[0]; \
	}

static void level_a(long frames, double seconds);
LEVEL(level_c, level_a, 3)
LEVEL(level_b, level_c, 30)
LEVEL(level_a, level_b, 10)

int main(int argc, char **argv)
{
	long frames = argc > 1 ? atol(argv[1]) : 0;

	if (frames < 1) {
		fprintf(stderr, "usage: depth FRAMES [SECONDS]\n");
		return 2;
	}
	level_a(frames, argc > 2 ? atof(argv[2]) : 0);
	return 0;
}
