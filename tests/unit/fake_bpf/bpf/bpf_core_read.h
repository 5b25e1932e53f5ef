/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#define CORE_READ_1(object, a) ((object)->a)
#define CORE_READ_2(object, a, b) ((object)->a->b)
#define CORE_READ_NAME(a, b, name, ...) name
#define BPF_CORE_READ(object, ...) CORE_READ_NAME(__VA_ARGS__, CORE_READ_2, CORE_READ_1, )(object, __VA_ARGS__)
