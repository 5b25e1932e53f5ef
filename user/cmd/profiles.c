/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "cmd/profiles.h"

#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/log.h"
#include "cmd/find.h"

void profiles_clear(struct profiles *set)
{
	for (size_t i = 0; i < set->n; i++) {
		profile_free(set->list[i]);
		free(set->names[i]);
	}
	free(set->list);
	free(set->names);
	*set = (struct profiles){0};
}

bool is_directory(const char *path)
{
	struct stat st;

	return !stat(path, &st) && S_ISDIR(st.st_mode);
}

static bool has_request(const struct profiles *set, const struct request *r)
{
	for (size_t i = 0; i < set->n; i++)
		if (!strcmp(set->list[i]->request.id, r->id) && set->list[i]->request.start_ns == r->start_ns)
			return true;
	return false;
}

static int add_one(struct profiles *set, const char *name)
{
	struct profile *p = find_profile(name);
	size_t cap = set->cap;

	if (!p)
		return -1;
	if (has_request(set, &p->request)) {
		profile_free(p);
		return 0;
	}
	GROW(set->list, set->n, cap); /* both grow alike */
	GROW(set->names, set->n, set->cap);
	set->names[set->n] = xstrdup(name);
	set->list[set->n++] = p;
	return 0;
}

static bool is_profile(const char *file)
{
	size_t len = strlen(file), n = strlen(PROFILE_EXTENSION);

	return len > n && !strcmp(file + len - n, PROFILE_EXTENSION);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Paths of the profiles in a directory, sorted; NULL and errno. */
static char **list_directory(const char *path, size_t *ret_n)
{
	DIR *dir = opendir(path);
	char **list = NULL;
	size_t cap = 0;

	*ret_n = 0;
	if (!dir)
		return NULL;
	for (struct dirent *d; (d = readdir(dir));) {
		if (*d->d_name == '.' || !is_profile(d->d_name))
			continue;
		GROW(list, *ret_n, cap);
		list[(*ret_n)++] = xasprintf("%s/%s", path, d->d_name);
	}
	closedir(dir);
	if (*ret_n)
		qsort(list, *ret_n, sizeof *list, by_name);
	errno = 0;
	return list;
}

static int add_directory(struct profiles *set, const char *path)
{
	size_t n;
	_cleanup_free_ char **list = list_directory(path, &n);
	int r = 0;

	if (!n && errno)
		return log_error("cannot read %s: %s", path, strerror(errno));
	if (!n)
		return log_error("no reports in %s: name a directory with .rp files, as reqprof record writes them", path);
	for (size_t i = 0; i < n; i++) {
		if (!r)
			r = add_one(set, list[i]);
		free(list[i]);
	}
	return r;
}

int profiles_add(struct profiles *set, const char *name)
{
	return is_directory(name) ? add_directory(set, name) : add_one(set, name);
}

int profiles_add_list(struct profiles *set, const char *names)
{
	if (!strchr(names, ',') || !access(names, F_OK))
		return profiles_add(set, names);
	while (*names) {
		size_t n = strcspn(names, ",");
		_cleanup_free_ char *name = xstrndup(names, n);

		if (n && profiles_add(set, name) < 0)
			return -1;
		names += n + (names[n] == ',');
	}
	return 0;
}
