/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
#include "page/pages.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/alloc.h"
#include "base/cleanup.h"
#include "page/access.h"
#include "page/index.h"

#define PROFILES_AT_ONCE 4

#define HTML "text/html; charset=utf-8"
#define SANDBOX "; frame-ancestors 'self'"
/* A report may have been made by somebody else: its script is kept in an origin of its own, where it can read nothing that is served, and
 * ask nothing of anybody. Its own policy allows less. */
#define PAGE_POLICY "sandbox allow-scripts allow-downloads allow-forms allow-modals allow-popups; default-src 'none'; " \
	"script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data: blob:; base-uri 'none'; form-action 'none'" SANDBOX
#define FILE_POLICY "sandbox; default-src 'none'" SANDBOX
#define MESSAGE_POLICY "sandbox; default-src 'none'; frame-ancestors 'none'"

/* ---- the directory ------------------------------------------------------------------------------------------------ */

static void forget_list(struct pages *p)
{
	if (p->list)
		MHD_destroy_response(TAKE_PTR(p->list));
}

static void on_change(void *ctx, const struct row *row, bool gone)
{
	struct pages *p = ctx;

	if (gone)
		feed_gone(&p->feed, row);
	else if (!p->filling || strcmp(row->entry.name, p->newest) > 0)
		feed_row(&p->feed, row);
}

int pages_open(struct pages *p, int dir)
{
	int r;

	*p = (struct pages){.dir = dir, .filling = true};
	r = rows_refresh(&p->rows, dir, NULL, NULL);
	if (r < 0)
		return r;
	rows_read_index(&p->rows, dir);
	if (p->rows.n)
		memcpy(p->newest, p->rows.rows[0].entry.name, sizeof p->newest);
	return 0;
}

void pages_close(struct pages *p)
{
	forget_list(p);
	feed_free(&p->feed);
	rows_free(&p->rows);
}

void pages_refresh(struct pages *p)
{
	uint64_t before = p->feed.last;

	if (rows_refresh(&p->rows, p->dir, on_change, p) < 0)
		return; /* it may be gone for a moment; what was there is shown */
	rows_read_profiles(&p->rows, p->dir, PROFILES_AT_ONCE, on_change, p);
	if (p->feed.last != before)
		forget_list(p);
}

bool pages_fill(struct pages *p)
{
	uint64_t before = p->feed.last;
	bool more = rows_read_profiles(&p->rows, p->dir, PROFILES_AT_ONCE, on_change, p);

	if (more && (p->filling || p->feed.last != before))
		forget_list(p);
	if (!more && p->filling) {
		p->filling = false;
		if (p->shown)
			feed_again(&p->feed);
	}
	return more;
}

/* ---- responses ---------------------------------------------------------------------------------------------------- */

void pages_headers(struct MHD_Response *r, const char *type, const char *policy)
{
	MHD_add_response_header(r, "Content-Type", type);
	MHD_add_response_header(r, "Content-Security-Policy", policy);
	MHD_add_response_header(r, "Cache-Control", "no-store");
	MHD_add_response_header(r, "X-Content-Type-Options", "nosniff");
	MHD_add_response_header(r, "Referrer-Policy", "no-referrer");
	MHD_add_response_header(r, "Cross-Origin-Resource-Policy", "same-origin");
}

static FILE *open_text(char **text, size_t *size)
{
	FILE *f = open_memstream(text, size);

	if (!f)
		abort(); /* out of memory, nothing else */
	return f;
}

/* Takes the text. */
static struct MHD_Response *response_of(char *text, size_t size, const char *type, const char *policy)
{
	struct MHD_Response *r = MHD_create_response_from_buffer(size, text, MHD_RESPMEM_MUST_FREE);

	if (!r)
		abort();
	pages_headers(r, type, policy);
	return r;
}

struct MHD_Response *pages_list(struct pages *p)
{
	const struct index_place place = {.served = true, .sequence = p->feed.last};
	_cleanup_free_ char *policy = NULL;
	char *text = NULL;
	size_t size;
	FILE *f;

	p->shown |= rows_incomplete(&p->rows);
	if (!p->list) {
		f = open_text(&text, &size);
		index_print(f, &p->rows, &place);
		fclose(f);
		f = open_text(&policy, &(size_t){0});
		index_policy(f, &place);
		fputs("; frame-ancestors 'none'", f);
		fclose(f);
		p->list = response_of(text, size, HTML, policy);
	}
	return p->list;
}

struct MHD_Response *pages_newest(struct pages *p)
{
	const struct index_place place = {.served = true, .sequence = p->feed.last};
	_cleanup_free_ char *policy = NULL;
	char *text = NULL;
	size_t size;
	FILE *f = open_text(&text, &size);

	newest_print(f, &p->rows, &place);
	fclose(f);
	f = open_text(&policy, &(size_t){0});
	newest_policy(f);
	fputs("; frame-ancestors 'none'", f);
	fclose(f);
	return response_of(text, size, HTML, policy);
}

struct MHD_Response *pages_file(const struct pages *p, const char *name)
{
	_cleanup_close_ int fd = -1;
	struct MHD_Response *r;
	struct access_file how;
	struct stat st;

	if (!access_file(name, &how))
		return NULL;
	fd = openat(p->dir, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) || !S_ISREG(st.st_mode))
		return NULL;
	r = MHD_create_response_from_fd64(st.st_size, fd);
	if (!r)
		return NULL;
	(void)TAKE_FD(fd);
	pages_headers(r, how.type, how.page ? PAGE_POLICY : FILE_POLICY);
	if (how.download)
		MHD_add_response_header(r, "Content-Disposition", "attachment");
	return r;
}

struct MHD_Response *pages_message(const char *text)
{
	return response_of(xasprintf("%s\n", text), strlen(text) + 1, "text/plain; charset=utf-8", MESSAGE_POLICY);
}
