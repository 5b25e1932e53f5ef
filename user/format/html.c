/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page: user/html/report.html with its {{slots}} filled. One file that asks the network for nothing and runs no script but its own. */
#include "format/html.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/cleanup.h"
#include "format/assets.h"
#include "format/format.h"
#include "format/html_text.h"

#define SLOT_BEGIN "{{"
#define SLOT_END "}}"

static void put_style(const struct profile *p, FILE *f)
{
	(void)p;
	fwrite(asset_style, 1, asset_style_end - asset_style, f);
	fwrite(asset_views, 1, asset_views_end - asset_views, f);
}

static void put_script(const struct profile *p, FILE *f)
{
	(void)p;
	fwrite(asset_script, 1, asset_script_end - asset_script, f);
}

/* ---- the policy: nothing from anywhere, but these very styles and this very script ------------------------------- */

static void put_hash(FILE *f, const struct profile *p, void (*put)(const struct profile *p, FILE *f))
{
	_cleanup_free_ char *content = NULL;
	size_t len;
	FILE *memory = open_memstream(&content, &len);

	if (!memory)
		abort(); /* out of memory, nothing else */
	put(p, memory);
	fclose(memory);
	html_hash(f, content, len);
}

static void put_policy(const struct profile *p, FILE *f)
{
	fputs("default-src 'none'; script-src", f);
	put_hash(f, p, put_script);
	fputs("; style-src", f);
	put_hash(f, p, put_style);
	put_hash(f, p, html_bar_style);
	fputs("; img-src data:; base-uri 'none'; form-action 'none'", f);
}

/* ---- slots ------------------------------------------------------------------------------------------------------- */

static const struct slot {
	const char *name;
	void (*put)(const struct profile *p, FILE *f);
} slots[] = {
	{"policy", put_policy}, {"title", html_title}, {"style", put_style}, {"bar-style", html_bar_style},
	{"request", html_request}, {"facts", html_facts}, {"bar", html_bar}, {"legend", html_legend}, {"sentences", html_sentences},
	{"tree", html_tree}, {"functions", html_functions}, {"waits", html_waits}, {"about", html_about},
	{"copy", html_copy}, {"data", html_data}, {"script", put_script},
};

static const struct slot *find_slot(const char *name, size_t len)
{
	for (size_t i = 0; i < ARRAY_LEN(slots); i++)
		if (strlen(slots[i].name) == len && !memcmp(slots[i].name, name, len))
			return &slots[i];
	return NULL;
}

static int write_html(const struct profile *p, FILE *f)
{
	const char *at = asset_page;

	for (;;) {
		const char *begin = memmem(at, asset_page_end - at, SLOT_BEGIN, strlen(SLOT_BEGIN)), *end;
		const struct slot *slot;

		fwrite(at, 1, (begin ? begin : asset_page_end) - at, f);
		if (!begin)
			return 0;
		begin += strlen(SLOT_BEGIN);
		end = memmem(begin, asset_page_end - begin, SLOT_END, strlen(SLOT_END));
		slot = end ? find_slot(begin, end - begin) : NULL;
		if (!slot)
			return -EINVAL; /* the page has a slot that nothing fills */
		slot->put(p, f);
		at = end + strlen(SLOT_END);
	}
}

const struct format format_html = {
	.name = "html",
	.extension = ".html",
	.help = "one page to read, for a browser",
	.write = write_html,
};
