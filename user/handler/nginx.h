/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* nginx, of any version and build. */
#ifndef REQPROF_HANDLER_NGINX_H
#define REQPROF_HANDLER_NGINX_H

#include <stdbool.h>
#include <stdint.h>

#include "symbol/elf.h"

/* Offsets in its struct ngx_http_request_s: of a string (length, data), and of numbers: status, length of the query (0 = unknown). */
struct nginx_layout {
	uint64_t request_line, status, query;
};

/* False: it does not say. */
bool nginx_layout(const struct elf_file *elf, struct nginx_layout *ret);

#endif
