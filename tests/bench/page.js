/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* How long a browser takes with a large report: a line of JSON for each run, {name: ms}. Arguments: runs, samples, waits. */
"use strict";

const path = require("node:path");

const BROWSER_TESTS = path.resolve(__dirname, "../browser");
const { close, main, open, render } = require(`${BROWSER_TESTS}/browser`);
const { large, pageOf } = require(`${BROWSER_TESTS}/large`);

const [runs, samples, waits] = process.argv.slice(2).map(Number);
const PROFILE = large(JSON.parse(render("orders", "json")), samples, waits);

function largePage(page) {
	return pageOf(page, PROFILE);
}

/* From the begin of the navigation until the page is there to be used, as the page's own clock says. */
function openingTime(page) {
	return page.evaluate(() => new Promise((resolve) => {
		requestAnimationFrame(() => setTimeout(() => resolve(performance.getEntriesByName("reqprof-shown")[0].startTime)));
	}));
}

/* Until the next frame is drawn after a change. */
function changeTime(page, fragment) {
	return page.evaluate((hash) => new Promise((resolve) => {
		const begin = performance.now();
		window.location.hash = hash;
		requestAnimationFrame(() => setTimeout(() => resolve(performance.now() - begin)));
	}), fragment);
}

async function measure() {
	for (let run = 0; run < runs; run++) {
		const page = await open("orders", { change: largePage, viewport: { width: 1440, height: 900 } });
		const result = { bytes: (await page.content()).length, open: await openingTime(page) };
		for (const tab of ["functions", "waits", "flame", "timeline", "tree"]) {
			result[tab] = await changeTime(page, `tab=${tab}`);
		}
		result.range = await changeTime(page, "tab=tree&from=10000000000&to=20000000000");
		result.search = await changeTime(page, "tab=tree&q=function_12");
		console.log(JSON.stringify(result));
		await close(page);
	}
}

main(measure);
