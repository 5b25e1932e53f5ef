/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * sample PID [SECONDS [HZ]]: how many of a process' stacks are whole, by the program's unwinder. Prints one line of numbers, key=value, and with -v
 * before the PID the frames of some stacks that are not.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "probe.h"

struct tally {
	struct probe *probe;
	bool verbose;
	uint64_t stacks, frames, reasons[RP_N_STACK_REASONS];
	int printed;
};

static void print_stack(struct tally *t, const struct probe_stack *s)
{
	printf("%s, %d frames:\n", s->reason, s->n);
	for (int i = 0; i < s->n; i++)
		printf("  %#llx %s\n", (unsigned long long)s->ips[i], probe_describe(t->probe, s->ips[i] - (i > 0)));
}

static void on_stack(void *ctx, const struct probe_stack *s)
{
	struct tally *t = ctx;

	t->stacks++;
	t->frames += s->n;
	t->reasons[s->reason_number]++;
	if (t->verbose && s->reason_number != RP_STACK_complete && t->printed++ < 20)
		print_stack(t, s);
}

static void print(struct tally *t)
{
#define REASON_NAME(name, text) #name,
	static const char *const names[] = {RP_STACK_REASONS(REASON_NAME)};
	struct probe_tables tables = probe_tables(t->probe);
	struct probe_cost cost = probe_cost(t->probe);

	printf("stacks=%llu frames=%llu executables=%llu rows=%llu build_ns=%llu tables_ns=%llu bytes_used=%llu bytes_reserved=%llu runs=%llu run_ns=%llu",
	       (unsigned long long)t->stacks, (unsigned long long)t->frames, (unsigned long long)tables.executables, (unsigned long long)tables.rows,
	       (unsigned long long)tables.build_ns, (unsigned long long)tables.ns, (unsigned long long)tables.bytes_used,
	       (unsigned long long)tables.bytes_reserved, (unsigned long long)cost.runs, (unsigned long long)cost.ns);
	for (int i = 0; i < RP_N_STACK_REASONS; i++)
		printf(" %s=%llu", names[i], (unsigned long long)t->reasons[i]);
	puts("");
}

int main(int argc, char **argv)
{
	struct tally t = {0};
	double seconds, hz;
	int r;

	if (argc > 1 && !strcmp(argv[1], "-v")) {
		t.verbose = true;
		argv++, argc--;
		log_set_level(LOG_VERBOSE);
	}
	if (argc < 2)
		return 2;
	seconds = argc > 2 ? atof(argv[2]) : 2;
	hz = argc > 3 ? atof(argv[3]) : 997;
	t.probe = probe_open(atoi(argv[1]));
	if (!t.probe)
		return 1;
	r = probe_sample(t.probe, 1e9 / hz, seconds * 1e9, on_stack, &t);
	print(&t);
	probe_close(t.probe);
	return r < 0;
}
