/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Strings kept once each, until all are dropped. */
#ifndef REQPROF_STRING_SET_H
#define REQPROF_STRING_SET_H

struct kept_string;

struct string_set {
	struct kept_string *strings;
};

/* The set's own copy; NULL stays NULL. */
const char *string_set_keep(struct string_set *set, const char *s);
void string_set_clear(struct string_set *set);

#endif
