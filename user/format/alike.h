/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What is the same in two profiles of one program, perhaps of two releases or machines: functions of the same name in the same file (its last two
 * components, else the module's last one), whatever the line; objects of the same name but for addresses in memory and thread ids.
 */
#ifndef REQPROF_ALIKE_H
#define REQPROF_ALIKE_H

#include "profile/profile.h"

struct alike;

struct alike *alike_new(void);
void alike_free(struct alike *a);

/* Numbers from 0 on, of one sequence. The frame must outlive `a`. */
int32_t alike_frame(struct alike *a, const struct frame *frame);
int32_t alike_object(struct alike *a, const struct profile *p, const char *object); /* NULL is one too */
int32_t alike_text(struct alike *a, const char *text);

size_t alike_count(const struct alike *a);
const struct frame *alike_get_frame(const struct alike *a, int32_t number); /* the first one that was met; NULL = an object */
const char *alike_get_text(const struct alike *a, int32_t number);         /* of an object; NULL = none */

#endif
