/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Debug files from the servers that DEBUGINFOD_URLS names, by elfutils' client library, which is loaded only then. */
#ifndef REQPROF_DEBUGINFOD_H
#define REQPROF_DEBUGINFOD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Has the user asked for it, with DEBUGINFOD_URLS? */
bool debuginfod_wanted(void);

/* Can the library be had? */
bool debuginfod_available(void);

/* A descriptor of the debug file with this build-id, which the caller owns, or −errno. Waits for the servers, at most DEBUGINFOD_WAIT_NS. */
#define DEBUGINFOD_WAIT_NS 10000000000ULL
int debuginfod_open(const uint8_t *build_id, size_t len);

#endif
