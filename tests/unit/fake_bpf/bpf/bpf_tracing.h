/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A program is a function of its tracepoint's arguments; its context is nothing that a source looks into. */
static void *const ctx __attribute__((unused)) = NULL;

#define BPF_PROG(name, ...) name(__VA_ARGS__)
