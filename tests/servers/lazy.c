/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* lazy: prints "ready" and calls a library's function for ever. With LD_BIND_NOT=1 in its environment the dynamic linker looks the function up at
 * each call, so that this is where it is most of the time. */
#include <alloca.h>
#include <stdio.h>
#include <stdlib.h>

static const char *volatile number = "12";
static volatile long sum;

/* Its size is not known: the frame is found by rbp, which the dynamic linker's functions save. */
__attribute__((noinline)) static void call(int size)
{
	char *volatile some = alloca(size);

	some[0] = 1;
	for (int i = 0; i < 1000; i++)
		sum += strtol(number, NULL, 10);
}

__attribute__((noinline)) static void deep(int n)
{
	if (n)
		deep(n - 1);
	else
		call(atoi(number));
	sum++;
}

int main(void)
{
	puts("ready");
	fflush(stdout);
	for (;;)
		deep(10);
}
