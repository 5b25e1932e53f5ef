/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the command line will take in a later release: known by name, so that it is refused as such and never as a typing error. */
#ifndef REQPROF_LATER_H
#define REQPROF_LATER_H

#include <argp.h>

#define LATER_KEY 0x1000        /* of the hidden options: LATER_KEY + index */

extern const struct argp later_record_options; /* child of the command's parser */

#endif
