/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "format/difference.h"

const struct difference_format *const difference_formats[] = {&difference_text, &difference_html, &difference_json, NULL};
