/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* render FIXTURE FORMAT: a fixture in a format on stdout. render: the names of all fixtures and of all formats with their endings. */
#include <stdio.h>
#include <string.h>

#include "fixtures.h"
#include "format/format.h"

static int list(void)
{
	for (const struct fixture *fixture = fixtures; fixture->name; fixture++)
		for (size_t i = 0; formats[i]; i++)
			printf("%s %s %s\n", fixture->name, formats[i]->name, formats[i]->extension);
	return 0;
}

int main(int argc, char **argv)
{
	const struct format *format = argc == 3 ? format_by_name(argv[2]) : NULL;
	struct profile *p = format ? fixture_make(argv[1]) : NULL;
	const char *fault = p ? profile_check(p) : NULL;

	if (argc == 1)
		return list();
	if (!p || fault) {
		fprintf(stderr, "render: %s\n", fault ? fault : "usage: render [FIXTURE FORMAT]");
		profile_free(p);
		return 2;
	}
	if (format->write(p, stdout) || fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "render: cannot write\n");
		return 1;
	}
	profile_free(p);
	return 0;
}
