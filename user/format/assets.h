/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The files of the pages, embedded by user/html/embed.S. Each ends where its _end symbol stands, without a NUL byte. */
#ifndef REQPROF_ASSETS_H
#define REQPROF_ASSETS_H

extern const char asset_page[], asset_page_end[];     /* report.html, with {{slots}} */
extern const char asset_style[], asset_style_end[];   /* report.css: what all pages have */
extern const char asset_views[], asset_views_end[];   /* report/views.css: the drawn views */
extern const char asset_difference[], asset_difference_end[]; /* difference.css: what reqprof diff adds to it */
extern const char asset_script[], asset_script_end[]; /* report/….js, one after the other */

/* The list of reports, index/: it has the report's style and its own. */
extern const char asset_index_page[], asset_index_page_end[];     /* index.html, with {{slots}} */
extern const char asset_index_style[], asset_index_style_end[];
extern const char asset_index_script[], asset_index_script_end[];
extern const char asset_newest_page[], asset_newest_page_end[];   /* newest.html, with {{slots}} */
extern const char asset_newest_script[], asset_newest_script_end[];

#endif
