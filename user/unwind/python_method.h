/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A method in the table of a type or module of CPython's, as Include/methodobject.h lays it out (PyMethodDef). */
#ifndef REQPROF_PYTHON_METHOD_H
#define REQPROF_PYTHON_METHOD_H

#include <stdint.h>

struct python_method {
	uint64_t name, function; /* addresses in the process */
	uint32_t flags, pad;
	uint64_t doc;
};

#endif
