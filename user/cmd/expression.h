/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * What a request must keep: MEASURE OPERATOR VALUE, "cpu(serialize)<50ms". The operators are < <= > >= ==. A time has a unit (ns, us, ms, s) or
 * is a share of the wall time (%); bytes may have B, kB or MB; a count has none. Blanks may stand around the operator.
 */
#ifndef REQPROF_EXPRESSION_H
#define REQPROF_EXPRESSION_H

#include "cmd/measure.h"

enum operator { LESS, AT_MOST, MORE, AT_LEAST, EQUAL };

struct expression {
	const char *text;       /* not owned */
	struct measure measure;
	enum operator operator;
	double value;           /* ns, bytes, a number, or percent */
	bool percent;
};

/* 0, or −EINVAL with the reason in *ret_why (the caller frees it); the text must outlive the expression. */
int expression_parse(const char *text, struct expression *ret, char **ret_why);
void expression_clear(struct expression *e);

/* Does the profile keep it? *ret_actual: what was measured, in words, or why it cannot be (then it is not kept); the caller frees it. */
bool expression_holds(const struct expression *e, const struct profile *p, char **ret_actual);

#endif
