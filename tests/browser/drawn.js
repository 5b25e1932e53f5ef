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

/* Two fingers beside each other at a height of a picture, moved apart: from and to are their distances from its middle. */
async function spread(page, selector, y, from, to) {
	const box = await page.locator(selector).boundingBox();
	const cdp = await page.context().newCDPSession(page);
	const touch = (type, distance) => cdp.send("Input.dispatchTouchEvent", { type, touchPoints: distance === null ? [] : [-1, 1].map((side, id) =>
		({ x: box.x + box.width / 2 + side * distance, y: box.y + y, id })) });

	await touch("touchStart", from);
	for (let i = 1; i <= 8; i++) {
		await touch("touchMove", from + (to - from) * i / 8);
	}
	await touch("touchEnd", null);
}

module.exports = { ...browser, colour, spread };
