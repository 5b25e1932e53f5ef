/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page's files as they are. The script's files are one script: the order is that of their use of each other. */

	.section .rodata

	.global asset_page, asset_page_end
asset_page:
	.incbin "report.html"
asset_page_end:

	.global asset_style, asset_style_end
asset_style:
	.incbin "report.css"
asset_style_end:

	.global asset_views, asset_views_end
asset_views:
	.incbin "report/views.css"
asset_views_end:

	.global asset_difference, asset_difference_end
asset_difference:
	.incbin "difference.css"
asset_difference_end:

	.global asset_script, asset_script_end
asset_script:
	.incbin "report/words.js"
	.incbin "report/state.js"
	.incbin "report/data.js"
	.incbin "report/frames.js"
	.incbin "report/pairs.js"
	.incbin "report/groups.js"
	.incbin "report/weights.js"
	.incbin "report/nodes.js"
	.incbin "report/node_table.js"
	.incbin "report/calls.js"
	.incbin "report/inverted.js"
	.incbin "report/functions.js"
	.incbin "report/search.js"
	.incbin "report/model.js"
	.incbin "report/tip.js"
	.incbin "report/row.js"
	.incbin "report/unfold.js"
	.incbin "report/tree.js"
	.incbin "report/tables.js"
	.incbin "report/sandwich.js"
	.incbin "report/wait_groups.js"
	.incbin "report/waits.js"
	.incbin "report/source.js"
	.incbin "report/lanes.js"
	.incbin "report/speedscope.js"
	.incbin "report/exports.js"
	.incbin "report/toolbar.js"
	.incbin "report/filters.js"
	.incbin "report/canvas.js"
	.incbin "report/canvas_pixels.js"
	.incbin "report/canvas_gestures.js"
	.incbin "report/flame_layout.js"
	.incbin "report/flame_paint.js"
	.incbin "report/flame_svg.js"
	.incbin "report/flame.js"
	.incbin "report/timeline_data.js"
	.incbin "report/timeline_words.js"
	.incbin "report/timeline_lanes.js"
	.incbin "report/timeline_paint.js"
	.incbin "report/timeline_sight.js"
	.incbin "report/timeline_overview.js"
	.incbin "report/timeline_find.js"
	.incbin "report/timeline.js"
	.incbin "report/page.js"
asset_script_end:

	.global asset_index_page, asset_index_page_end
asset_index_page:
	.incbin "index/index.html"
asset_index_page_end:

	.global asset_index_style, asset_index_style_end
asset_index_style:
	.incbin "index/index.css"
asset_index_style_end:

	.global asset_index_script, asset_index_script_end
asset_index_script:
	.incbin "index/theme.js"
	.incbin "index/reports.js"
	.incbin "index/state.js"
	.incbin "index/plot.js"
	.incbin "index/table.js"
	.incbin "index/live.js"
	.incbin "index/page.js"
asset_index_script_end:

	.global asset_newest_page, asset_newest_page_end
asset_newest_page:
	.incbin "index/newest.html"
asset_newest_page_end:

	.global asset_newest_script, asset_newest_script_end
asset_newest_script:
	.incbin "index/theme.js"
	.incbin "index/reports.js"
	.incbin "index/live.js"
	.incbin "index/newest.js"
asset_newest_script_end:

	.section .note.GNU-stack, "", @progbits
