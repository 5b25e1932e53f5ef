/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Functions as people name them. */
#ifndef REQPROF_FUNCTIONS_NAMED_H
#define REQPROF_FUNCTIONS_NAMED_H

#include "profile/profile.h"

/*
 * Flags of the stacks that hold the function `name`, or (self) end in it; the caller frees them. The name is the whole one as reports show it;
 * where none is called so, the end of a qualified one: "encode" for "JSONEncoder.encode", "handle" for "media::Server::handle(Request&)".
 * NULL: there is none, and *ret_why says so and what there is of a similar name; the caller frees it.
 */
bool *stacks_of_function(const struct profile *p, const char *name, bool self, char **ret_why);

#endif
