/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Call frame instructions (DWARF 5 §6.4.2) looked through before libdw runs them: it takes as much memory as they ask for. */
#ifndef REQPROF_CFA_PROGRAM_H
#define REQPROF_CFA_PROGRAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Are all of them known and whole, with registers and saved states no more than any real program needs? `address_size`: bytes of the operand of
 * DW_CFA_set_loc. *states: how many are saved at the begin; set to how many are at the end. */
bool cfa_program_bounded(const uint8_t *begin, const uint8_t *end, size_t address_size, unsigned int *states);

/* Past an FDE's augmentation data, which its instructions follow. False: they do not end before `end`. */
bool cfa_program_skip_augmentation(const uint8_t **at, const uint8_t *end);

#endif
