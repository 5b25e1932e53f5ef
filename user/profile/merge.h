/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Several requests as one profile, which keeps every promise of the model (profile_check) and of the JSON contract:
 *
 * - Its time is the requests' one after the other, the median one first, the others as they began: t counts from the first one's begin, the wall
 *   time is the sum of theirs, and so is every class, to the nanosecond. Samples and waits are all of theirs.
 * - Its request is the median by duration (of an even number the shorter of the two in the middle): id, URL, status, addresses, bytes, start and
 *   marks are that one's alone. Begin and end are the least certain of all.
 * - `merged` names every request with its duration and status, the shortest first.
 * - Threads of the same id and name are one; tasks stay each its own. What was lost is summed; requests that overlap may each have
 *   counted the same dropped event.
 * - Of about: what differs is listed; the interval is the longest.
 */
#ifndef REQPROF_MERGE_H
#define REQPROF_MERGE_H

#include "profile/profile.h"

/* Of n ≥ 1 profiles a new one; or NULL with *ret_why = why they cannot be merged (a static string). */
struct profile *profile_merge(const struct profile *const *list, size_t n, const char **ret_why);

/* Index of the median by duration. */
size_t profile_median(const struct profile *const *list, size_t n);

#endif
