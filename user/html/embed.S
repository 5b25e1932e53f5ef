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

	.global asset_difference, asset_difference_end
asset_difference:
	.incbin "difference.css"
asset_difference_end:

	.global asset_script, asset_script_end
asset_script:
	.incbin "report/words.js"
	.incbin "report/data.js"
	.incbin "report/model.js"
	.incbin "report/search.js"
	.incbin "report/state.js"
	.incbin "report/row.js"
	.incbin "report/tree.js"
	.incbin "report/tables.js"
	.incbin "report/page.js"
asset_script_end:

	.section .note.GNU-stack, "", @progbits
