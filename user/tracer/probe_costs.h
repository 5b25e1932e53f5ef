/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What a probe takes of its target's time on this machine: measured on a function of this program, in some ms. */
#ifndef REQPROF_PROBE_COSTS_H
#define REQPROF_PROBE_COSTS_H

#include "tracer/handler_cost.h"
#include "tracer/handler_links.h"

/* The programs are loaded. Takes one of the places of `hl`. */
void probe_costs_measure(struct handler_links *hl, const struct handler_programs *programs, struct probe_costs *ret);

#endif
