/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * A profile to share: the same request without what tells where it was made.
 *
 * Gone: the name of the host, reqprof's command line, the trace id, values of query parameters (--keep-url kept them), the fragment and the
 * authority of the URL. Replaced, the same by the same: addresses by "peer-N" with their port, Unix sockets by "unix:socket-N", wherever they
 * stand. Cut: paths of source files to what follows site-packages, the Python library's or their last two components, never with the
 * name of a user in them; modules and executables to their last component.
 * Kept, as a report says nothing without it: names of functions, threads, tasks and processes, URL paths, ports, process ids, the time, the versions
 * of reqprof and kernel, build-ids.
 */
#ifndef REQPROF_PROFILE_REDACT_H
#define REQPROF_PROFILE_REDACT_H

#include "profile/profile.h"

/* A new profile; it passes profile_check if p does. */
struct profile *profile_redact(const struct profile *p);

#endif
