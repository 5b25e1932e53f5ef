/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Where in a slice a hypervisor had the CPU: how long it did in all is known from the kernel's run queue. A timer that fell due meanwhile ticks as
 * soon as the CPU is back, so what was stolen lies right before ticks that are late.
 */
#ifndef REQPROF_STOLEN_H
#define REQPROF_STOLEN_H

#include "profile/timeline.h"

/* ticks: the n of a slice [from, to], in order, edges among them; their stolen_ns is set, so that what was stolen fits between each and the one
 * before. Ticks are late by what exceeds interval_ns. Returns what was stolen right before `to`. At most the slice is stolen as a whole. */
uint64_t stolen_place(struct tick *ticks, size_t n, uint64_t from, uint64_t to, uint64_t interval_ns, uint64_t stolen_ns);

#endif
