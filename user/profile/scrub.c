/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "profile/scrub.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "base/path.h"

#define PATH_COMPONENTS 2 /* of a path of the program's own: package and file */
#define HIDDEN "…"

void scrub_clear(struct scrub *s)
{
	for (size_t i = 0; i < s->n_peers; i++)
		free(s->peers[i]);
	free(s->peers);
	*s = (struct scrub){0};
}

/* ---- paths --------------------------------------------------------------------------------------------------------- */

/* Behind the home of a user; names of users are nowhere else in a path. */
static const char *behind_home(const char *path)
{
	static const char *const homes[] = {"home/", "Users/"};

	for (size_t i = 0; i < ARRAY_LEN(homes); i++) {
		const char *home = strstr(path, homes[i]);

		if (home && (home == path || home[-1] == '/')) {
			home += strlen(homes[i]);
			home += strcspn(home, "/");
			return *home ? home + 1 : home;
		}
	}
	return !strncmp(path, "/root/", 6) ? path + 6 : path;
}

char *scrub_path(const char *path)
{
	static const char *const installed[] = {"/site-packages/", "/dist-packages/", "/lib/python3"};
	const char *rest;

	for (size_t i = 0; i < ARRAY_LEN(installed); i++) {
		rest = strstr(path, installed[i]);
		if (rest)
			return xasprintf(HIDDEN "%s", rest);
	}
	rest = behind_home(path);
	if (*rest == '/' || rest != path)
		rest = path_tail(rest, PATH_COMPONENTS);
	rest += *rest == '/' && rest[1]; /* a file of the root directory */
	return xstrdup(*rest ? rest : HIDDEN);
}

char *scrub_module(const char *module)
{
	return xstrdup(*module == '/' ? path_tail(module, 1) : module);
}

/* ---- addresses ----------------------------------------------------------------------------------------------------- */

static size_t peer_number(struct scrub *s, const char *host, size_t n)
{
	for (size_t i = 0; i < s->n_peers; i++)
		if (strlen(s->peers[i]) == n && !memcmp(s->peers[i], host, n))
			return i + 1;
	GROW(s->peers, s->n_peers, s->cap_peers);
	s->peers[s->n_peers++] = xstrndup(host, n);
	return s->n_peers;
}

/* Length of an IPv4 address that begins here; 0 = none. */
static size_t ipv4_length(const char *s)
{
	const char *at = s;

	for (int i = 0; i < 4; i++) {
		size_t digits = strspn(at, "0123456789");

		if (!digits || digits > 3 || (i < 3 && at[digits] != '.'))
			return 0;
		at += digits + (i < 3);
	}
	return *at == '.' && isdigit((unsigned char)at[1]) ? 0 : (size_t)(at - s);
}

/* Of an IPv6 address. Without brackets it needs three colons: "add::bed" is a name. */
static size_t ipv6_length(const char *s)
{
	size_t open = *s == '[', n = strspn(s + open, "0123456789abcdefABCDEF:."), colons = 0;

	for (size_t i = 0; i < n; i++)
		colons += s[open + i] == ':';
	if (colons < (open ? 2 : 3) || (open && s[open + n] != ']' && s[open + n] != '%'))
		return 0;
	if (open)
		n += strcspn(s + open + n, "]") + 1;
	return strspn(s + open, "0123456789abcdefABCDEF") > 4 ? 0 : open + n;
}

/* ---- any text ------------------------------------------------------------------------------------------------------ */

static bool continues_word(char c)
{
	return isalnum((unsigned char)c) || c == '_' || (unsigned char)c >= 0x80;
}

/* Does "METHOD " stand right before? Then a path is that of a URL. */
static bool behind_method(const char *text, const char *at)
{
	const char *c = at - 1;
	size_t n = 0;

	if (at == text || *c != ' ')
		return false;
	while (c > text && c[-1] >= 'A' && c[-1] <= 'Z') {
		c--;
		n++;
	}
	return n >= 3;
}

/* A path inside of a longer text ends at a blank or a closing mark; one that is the whole text does not. */
static size_t path_length(const char *text, const char *at)
{
	return at == text ? strlen(at) : strcspn(at, " \t\n\"'`<>(),;|");
}

static size_t put_path(FILE *f, const char *text, const char *at)
{
	size_t n = path_length(text, at);
	_cleanup_free_ char *path = xstrndup(at, n);
	_cleanup_free_ char *cut = NULL;

	if (n < 2)
		return 0; /* a division, or the root: tells nothing */
	if (behind_method(text, at)) {
		path[strcspn(path, "?#")] = '\0';
		fputs(path, f);
		return n;
	}
	cut = scrub_path(path);
	fputs(cut, f);
	return n;
}

static size_t put_unix(FILE *f, struct scrub *s, const char *text, const char *at)
{
	size_t begin = strlen("unix:"), n = at == text ? strlen(at) : strcspn(at, " \t\n\"'(),;");

	if (n == begin)
		return 0;
	fprintf(f, "unix:socket-%zu", peer_number(s, at, n));
	return n;
}

/* Length of a name of the machine that begins here; 0 = none. */
static size_t host_length(const struct scrub *s, const char *at)
{
	for (const char *host = s->host; host && *host;) {
		size_t n = strcspn(host, ", ");

		if (n && !strncmp(at, host, n) && !continues_word(at[n]))
			return n;
		host += n + strspn(host + n, ", ");
	}
	return 0;
}

/* Writes what stands for the text at `at`, whose length it returns; 0 = it may stay. `at` begins a word. */
static size_t put_other(FILE *f, struct scrub *s, const char *text, const char *at)
{
	size_t n;

	if (*at == '/')
		return at == text || strchr(" \t\n\"'`(=:,;[", at[-1]) ? put_path(f, text, at) : 0;
	if (!strncmp(at, "unix:", 5))
		return put_unix(f, s, text, at);
	n = ipv4_length(at);
	if (!n)
		n = ipv6_length(at);
	if (n && !continues_word(at[n])) {
		fprintf(f, "peer-%zu", peer_number(s, at, n));
		return n;
	}
	n = host_length(s, at);
	if (n)
		fputs("host", f);
	return n;
}

static char *finish(FILE *f, char **text)
{
	fclose(f);
	return *text;
}

static FILE *start(char **text, size_t *len)
{
	FILE *f = open_memstream(text, len);

	if (!f)
		abort(); /* out of memory, nothing else */
	return f;
}

char *scrub_words(struct scrub *s, const char *text)
{
	char *result = NULL;
	size_t len;
	FILE *f = start(&result, &len);
	bool begins = true;

	for (const char *at = text; *at;) {
		size_t n = begins ? put_other(f, s, text, at) : 0;

		if (!n)
			fputc(*at, f);
		at += n ? n : 1;
		begins = !continues_word(at[-1]) && at[-1] != '.' && at[-1] != '/';
	}
	return finish(f, &result);
}

/* ---- targets ------------------------------------------------------------------------------------------------------- */

static void put_parameter(FILE *f, const char *parameter, size_t n, const char *marker)
{
	const char *equals = memchr(parameter, '=', n);

	if ((marker && strlen(marker) == n && !memcmp(marker, parameter, n)) || !equals || equals + 1 == parameter + n)
		fwrite(parameter, 1, n, f);
	else
		fprintf(f, "%.*s=" HIDDEN, (int)(equals - parameter), parameter);
}

char *scrub_target(const char *target, const char *marker)
{
	size_t path = strcspn(target, "?#"), len;
	const char *at = target + path, *begin = target_path(target, at);
	char *result = NULL;
	FILE *f = start(&result, &len);

	fwrite(begin, 1, at - begin, f);
	while (*at == '?' || *at == '&') {
		size_t n = strcspn(at + 1, "&#");

		fputc(*at, f);
		put_parameter(f, at + 1, n, marker);
		at += 1 + n;
	}
	return finish(f, &result);
}
