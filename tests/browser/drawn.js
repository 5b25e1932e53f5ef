/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* What the tests of drawn views share: reports in a browser, and the colour of a spot of a picture. */
"use strict";

const browser = require("./browser");

/* The colour of a picture so many pixels from its corner. */
function colour(page, selector, x, y) {
	return page.locator(selector).evaluate((canvas, [px, py]) => {
		const copy = document.createElement("canvas");
		const scale = canvas.width / canvas.getBoundingClientRect().width;
		const g = copy.getContext("2d", { willReadFrequently: true });
		copy.width = copy.height = 1;
		g.drawImage(canvas, -Math.round(px * scale), -Math.round(py * scale));
		return [...g.getImageData(0, 0, 1, 1).data].slice(0, 3).join();
	}, [x, y]);
}

module.exports = { ...browser, colour };
