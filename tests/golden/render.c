/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* render FIXTURE FORMAT: a fixture in a format on stdout; FORMAT rp writes the profile file, and FIXTURE - reads one from stdin.
 * render: all fixtures, formats and their endings. render diff …, render side …: sides.h. */
#include <stdio.h>
#include <string.h>

#include "fixtures.h"
#include "format/format.h"
#include "profile/file.h"
#include "sides.h"

static int list(void)
{
	for (const struct fixture *fixture = fixtures; fixture->name; fixture++)
		for (size_t i = 0; formats[i]; i++)
			printf("%s %s %s\n", fixture->name, formats[i]->name, formats[i]->extension);
	return 0;
}

static struct profile *get(const char *name, const char **ret_why)
{
	struct profile *p;

	if (!strcmp(name, "-"))
		return profile_read(stdin, ret_why);
	p = fixture_make(name);
	*ret_why = p ? profile_check(p) : "no such fixture";
	return p;
}

int main(int argc, char **argv)
{
	const struct format *format = argc == 3 ? format_by_name(argv[2]) : NULL;
	const char *why = NULL;
	struct profile *p;
	int e;

	if (argc == 1)
		return list();
	if (!strcmp(argv[1], "diff"))
		return render_difference(argc, argv);
	if (!strcmp(argv[1], "side"))
		return render_side(argc, argv);
	p = argc == 3 ? get(argv[1], &why) : NULL;
	if (!p || why || (!format && strcmp(argv[2], "rp"))) {
		fprintf(stderr, "render: %s\n", why ? why : "usage: render [FIXTURE|- FORMAT|rp]");
		profile_free(p);
		return 2;
	}
	e = format ? format->write(p, stdout) : profile_write(p, stdout);
	profile_free(p);
	if (e || fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "render: cannot write\n");
		return 1;
	}
	return 0;
}
