/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Which package a Python file belongs to, as far as its name tells. */
#ifndef REQPROF_PYTHON_PACKAGE_H
#define REQPROF_PYTHON_PACKAGE_H

/* Of co_filename: the top package below site-packages or dist-packages, of the standard library (…/lib/python3.N/), or of a frozen module. The caller
 * frees it. NULL: it is none of these, so it is the application's. */
char *python_package(const char *file);

#endif
