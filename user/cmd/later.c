/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/later.h"

#include <errno.h>

#include "base/log.h"

static const struct argp_option record_options[] = {
	{"comm", LATER_KEY, "NAME", OPTION_HIDDEN, NULL, 0},
	{"cgroup", LATER_KEY + 1, "PATH", OPTION_HIDDEN, NULL, 0},
	{"all", 'a', NULL, OPTION_HIDDEN, NULL, 0},
	{"slower-than", LATER_KEY + 2, "DURATION", OPTION_HIDDEN, NULL, 0},
	{"status", LATER_KEY + 3, "STATUS", OPTION_HIDDEN, NULL, 0},
	{"sample", LATER_KEY + 4, "SHARE", OPTION_HIDDEN, NULL, 0},
	{0},
};

static error_t refuse(const struct argp_option *options, int key)
{
	for (const struct argp_option *o = options; o->name; o++) {
		if (o->key != key)
			continue;
		log_error("--%s: not yet in this release", o->name);
		return EINVAL;
	}
	return ARGP_ERR_UNKNOWN;
}

static error_t parse_record(int key, char *arg, struct argp_state *state)
{
	(void)arg;
	(void)state;
	return refuse(record_options, key);
}

const struct argp later_record_options = {.options = record_options, .parser = parse_record};
