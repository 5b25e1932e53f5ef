/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Loads an object's programs by two threads, for the verifier's sake: one bpf() call verifies one program, and most of attaching is that. */
#ifndef REQPROF_HALVES_H
#define REQPROF_HALVES_H

#include <bpf/libbpf.h>

/* The section of the object's first program, which does nothing: when libbpf is about to load it, the maps are there (bpf/maps.bpf.c). Objects with
 * it can be opened after this only. 0 or −errno. */
#define HALVES_SECTION "reqprof/maps"
int halves_prepare(void);

/* Of the programs that are set to be loaded from the first, these are loaded from the second. */
void halves_split(struct bpf_object *first, struct bpf_object *second, const char *const *moved, size_t n);

/* Load both, which were opened from the same skeleton, each with the programs that are set to be loaded from it. The second has the maps of the
 * first. −errno: either could not be loaded. */
int halves_load(struct bpf_object_skeleton *first, struct bpf_object_skeleton *second);

#endif
