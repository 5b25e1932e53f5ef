/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "handler/spec.h"

#include <errno.h>
#include <linux/types.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "reqprof.h"

/* The end of a part: a comma that is not inside of (), <>, [] or quotes, or the end. C++ has commas in its names, and "operator<" and "->" have no
 * partner. */
static const char *end_of_part(const char *s)
{
	int depth = 0;
	char quote = 0;

	for (const char *begin = s; *s; s++) {
		if (quote)
			quote = *s == quote ? 0 : quote;
		else if (*s == '"' || *s == '\'')
			quote = *s;
		else if (strchr("([<", *s))
			depth++;
		else if (strchr(")]>", *s))
			depth -= depth > 0 && !(*s == '>' && s > begin && s[-1] == '-');
		else if (*s == ',' && !depth)
			break;
	}
	return s;
}

static char *unquoted(const char *s, size_t n)
{
	if (n >= 2 && (*s == '"' || *s == '\'') && s[n - 1] == *s)
		return xstrndup(s + 1, n - 2);
	return xstrndup(s, n);
}

static int take_key(struct handler_spec *spec, const char *part, char **ret_why)
{
	const char *value = strchr(part, '=');
	size_t n = value ? (size_t)(value - part) : strlen(part);

	if (!value || !value[1])
		return *ret_why = xasprintf("%s: neither url=, method=, status= nor end= with a value", part), -EINVAL;
	value++;
	if (n == 3 && !strncmp(part, "url", n))
		return handler_expression_parse_text(value, &spec->url, ret_why);
	if (n == 6 && !strncmp(part, "method", n))
		return handler_expression_parse_text(value, &spec->method, ret_why);
	if (n == 6 && !strncmp(part, "status", n))
		return handler_expression_parse(value, &spec->status, ret_why);
	if (n == 3 && !strncmp(part, "end", n)) {
		free(spec->end);
		spec->end = unquoted(value, strlen(value));
		return 0;
	}
	return *ret_why = xasprintf("%s: there are url=, method=, status= and end=", part), -EINVAL;
}

/* SYMBOL[@BINARY]; a quoted symbol may have an @ of its own. */
static void take_symbol(struct handler_spec *spec, const char *s, size_t n)
{
	_cleanup_free_ char *whole = xstrndup(s, n);
	char *at = strrchr(whole, '@'), *quote = strrchr(whole, *s == '\'' ? '\'' : '"');

	if (at && at > whole && at[1] && (!quote || at > quote)) {
		spec->binary = xstrdup(at + 1);
		*at = 0;
	}
	spec->symbol = unquoted(whole, strlen(whole));
}

static bool uses_result(const struct expression *e)
{
	return e->base == RP_BASE_RESULT;
}

static int check(const struct handler_spec *spec, char **ret_why)
{
	if (!*spec->symbol || *spec->symbol == '@')
		return *ret_why = xstrdup("names no function"), -EINVAL;
	if (uses_result(&spec->url.data) || uses_result(&spec->url.length) || uses_result(&spec->method.data) || uses_result(&spec->method.length))
		return *ret_why = xstrdup("ret is known at the end only: for status=, not for url= or method="), -EINVAL;
	if (spec->end && uses_result(&spec->status))
		return *ret_why = xstrdup("with end= there is no return, so no ret"), -EINVAL;
	return 0;
}

int handler_spec_parse(const char *text, struct handler_spec *ret, char **ret_why)
{
	const char *end = end_of_part(text);
	int r = 0;

	*ret = (struct handler_spec){.text = xstrdup(text)};
	take_symbol(ret, text, end - text);
	ret->known = known_server(ret->symbol);
	while (!r && *end) {
		const char *part = end + 1;
		_cleanup_free_ char *key = NULL;

		end = end_of_part(part);
		key = xstrndup(part, end - part);
		r = take_key(ret, key, ret_why);
	}
	if (!r)
		r = check(ret, ret_why);
	if (!r && ret->known && (ret->end || ret->url.data.base || ret->method.data.base || ret->status.base)) {
		*ret_why = xasprintf("%s is a known server: nothing needs to be said of it", ret->known->name);
		r = -EINVAL;
	}
	if (r)
		handler_spec_free(ret);
	return r;
}

size_t handler_specs_automatic(struct handler_spec **ret)
{
	size_t n = 0, all = 0;

	while (known_servers[all].name)
		all++;
	*ret = xcalloc(all, sizeof **ret);
	for (size_t i = 0; i < all; i++) {
		const struct known_server *k = &known_servers[i];

		if (k->go)
			continue; /* its executables cannot be told by their names */
		(*ret)[n++] = (struct handler_spec){.text = xstrdup(k->name), .symbol = xstrdup(k->name), .known = k, .automatic = true};
	}
	return n;
}

bool handler_spec_has_url(const struct handler_spec *spec)
{
	return spec->known || spec->url.data.base;
}

void handler_spec_free(struct handler_spec *spec)
{
	free(spec->text);
	free(spec->symbol);
	free(spec->binary);
	free(spec->end);
	*spec = (struct handler_spec){0};
}
