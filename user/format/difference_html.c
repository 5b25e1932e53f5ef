/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Differences as one page, in the report's style. It has no script at all: everything is in it as it is read. */
#include "format/difference_html.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "format/assets.h"
#include "format/html_text.h"

/* ---- two bars of one scale; their widths, as CSS, are the page's own style ------------------------------------------------ */

static void put_width(FILE *f, size_t route, char side, const char *part, double ns)
{
	fprintf(f, "#r%zu%c-%s{flex-grow:%.0f}", route, side, part, ns);
}

static double wall_mean(const struct difference *d, bool b)
{
	return b ? d->wall.mean_b : d->wall.mean_a;
}

static double class_mean(const struct difference *d, int class, bool b)
{
	return b ? d->classes[class].mean_b : d->classes[class].mean_a;
}

static char *make_widths(const struct differences *all, size_t *ret_len)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, ret_len);

	if (!f)
		abort(); /* out of memory, nothing else */
	for (size_t i = 0; i < all->n; i++) {
		const struct difference *d = all->list[i];
		double longest = fmax(d->wall.mean_a, d->wall.mean_b);

		for (int b = 0; b < 2; b++) {
			for (int c = 0; c < N_TIME_CLASSES; c++)
				if (class_mean(d, c, b) > 0)
					put_width(f, i, "ab"[b], time_class_names[c], class_mean(d, c, b));
			put_width(f, i, "ab"[b], "rest", longest - wall_mean(d, b));
		}
	}
	fclose(f);
	return text;
}

static void put_bar(FILE *f, const struct difference *d, size_t route, bool b)
{
	int decimals = difference_decimals(d);
	double wall = wall_mean(d, b);

	fprintf(f, "<b>%c</b><div class=\"bar\" role=\"group\" aria-label=\"Wall time of %c by class\">\n", "AB"[b], "AB"[b]);
	for (int c = 0; c < N_TIME_CLASSES; c++) {
		struct number ms = number_ms(class_mean(d, c, b), decimals);

		if (!(class_mean(d, c, b) > 0))
			continue;
		fprintf(f, "<span class=\"part c-%s\" id=\"r%zu%c-%s\" title=\"%s: %s ms, %s %%\"><span><b>%s</b><span> &nbsp;%s ms</span></span></span>\n",
			time_class_names[c], route, "ab"[b], time_class_names[c], time_class_labels[c], ms.text,
			number_percent(class_mean(d, c, b), wall).text, time_class_words[c], ms.text);
	}
	fprintf(f, "<span id=\"r%zu%c-rest\"></span></div>\n", route, "ab"[b]);
}

/* ---- a route ---------------------------------------------------------------------------------------------------------------- */

static void put_side(FILE *f, const struct difference *d, const struct side *side, const char *letter)
{
	_cleanup_free_ char *words = difference_side(d, side);

	fprintf(f, "<dt>%s</dt>", letter);
	html_element(f, "dd", NULL, xasprintf("%s: %s", side->name, words));
	fputc('\n', f);
}

static void put_route(FILE *f, const struct difference *d, size_t route)
{
	const char *how = !d->wall.beyond ? "within" : delta_change(&d->wall) > 0 ? "slower" : "faster";

	fputs("<section class=\"route\">\n<h2><bdi>", f);
	html_text(f, d->route);
	fprintf(f, "</bdi></h2>\n<p class=\"verdict %s\">", how);
	html_take(f, difference_verdict(d));
	fputs("</p>\n<dl class=\"sides\">", f);
	put_side(f, d, &d->a, "A");
	put_side(f, d, &d->b, "B");
	fputs("</dl>\n", f);
	html_element(f, "p", "note", difference_method(d));
	fputs("\n<div class=\"pair\">", f);
	put_bar(f, d, route, false);
	put_bar(f, d, route, true);
	fputs("</div>\n", f);
	difference_html_classes(f, d);
	fputs("<h3>Functions, CPU in themselves (ms)</h3>\n", f);
	difference_html_functions(f, d);
	fputs("<h3>Waits (ms)</h3>\n", f);
	difference_html_waits(f, d);
	fputs("<h3>Call tree</h3>\n", f);
	difference_html_tree(f, d);
	fputs("<h3>Flame graph</h3>\n", f);
	difference_html_icicle(f, d);
	fputs("</section>\n", f);
}

static void put_only(FILE *f, const char *side, const char *routes)
{
	if (routes)
		html_element(f, "p", "note", xasprintf("Only in %s, compared with nothing: %s", side, routes));
}

static void put_head(FILE *f, const struct differences *all, const char *widths, size_t n_widths)
{
	fputs("<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
	      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src", f);
	html_hash(f, asset_style, asset_style_end - asset_style);
	html_hash(f, asset_difference, asset_difference_end - asset_difference);
	html_hash(f, widths, n_widths);
	fputs("; img-src data:; base-uri 'none'; form-action 'none'\">\n"
	      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n<meta name=\"color-scheme\" content=\"light dark\">\n"
	      "<meta name=\"referrer\" content=\"no-referrer\">\n<meta name=\"generator\" content=\"reqprof\">\n<link rel=\"icon\" href=\"data:,\">\n"
	      "<title>", f);
	html_take(f, all->n == 1 ? xasprintf("Difference: %s", all->list[0]->route) : xasprintf("Differences of %zu routes", all->n));
	fputs("</title>\n<style>", f);
	fwrite(asset_style, 1, asset_style_end - asset_style, f);
	fputs("</style>\n<style>", f);
	fwrite(asset_difference, 1, asset_difference_end - asset_difference, f);
	fputs("</style>\n<style>", f);
	fwrite(widths, 1, n_widths, f);
	fputs("</style>\n</head>\n<body>\n", f);
}

static int write_html(const struct differences *all, FILE *f)
{
	size_t n_widths;
	_cleanup_free_ char *widths = make_widths(all, &n_widths);

	put_head(f, all, widths, n_widths);
	fputs("<header><h1>What changed from A to B</h1></header>\n<main>\n", f);
	for (size_t i = 0; i < all->n; i++)
		put_route(f, all->list[i], i);
	put_only(f, "A", all->only_a);
	put_only(f, "B", all->only_b);
	fputs("</main>\n</body>\n</html>\n", f);
	return 0;
}

const struct difference_format difference_html = {.name = "html", .extension = ".html", .write = write_html};
