/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The key "sources" of the report: nothing unless source code was asked for. */
#ifndef REQPROF_JSON_SOURCES_H
#define REQPROF_JSON_SOURCES_H

#include "base/json.h"
#include "profile/profile.h"

void json_put_sources(struct json *j, const struct profile *p);

#endif
