#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Narrow screens scroll in one direction only; on paper there is what can be read there. */
"use strict";

const { close, fixtures, main, open } = require("./browser");
const { equal, none, ok } = require("./tap");

const NARROW = { width: 360, height: 740 };
const TABS = ["tree", "functions", "waits", "about"];
const TARGET_PX = 24; /* the least that a finger is expected to hit */

/* Elements that reach beyond the page's right edge, other than in a box that scrolls by itself. */
function beyond(page) {
	return page.evaluate(() => [...document.querySelectorAll("body *")].filter((e) => {
		const r = e.getBoundingClientRect();
		let box = e.parentElement;
		while (box && getComputedStyle(box).overflowX === "visible") {
			box = box.parentElement;
		}
		return r.width && r.right > innerWidth + 0.5 && (!box || box === document.body || box === document.documentElement);
	}).map((e) => `${e.tagName} ${e.className} ${e.textContent.slice(0, 40)}`));
}

async function checkWidth(page, where) {
	const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);

	equal(scroll, client, `${where}: no scrolling to the side`);
	none(await beyond(page), `${where}: nothing beyond the edge`);
}

async function narrow() {
	for (const fixture of fixtures()) {
		let page = await open(fixture, { viewport: NARROW });
		for (const tab of TABS) {
			await page.click(`#tab-${tab}`);
			await checkWidth(page, `${fixture} ${tab}`);
		}
		none(page.faults, `${fixture} narrow: silent`);
		await close(page);
		page = await open(fixture, { viewport: NARROW, script: false });
		await checkWidth(page, `${fixture} without script`);
		await close(page);
	}
}

async function fingers() {
	const page = await open("orders", { viewport: NARROW });
	const small = await page.locator("button:visible, .choice span:visible, .row:visible, input[type=search]").evaluateAll((all) => all
		.map((e) => [e.textContent, e.getBoundingClientRect().height]));

	none(small.filter(([, height]) => height < TARGET_PX), `all controls are ${TARGET_PX} px high`);
	await close(page);
}

/* The words in the bar are whole or not there, at any width. */
async function wordsInTheBar() {
	const page = await open("shop");

	for (const width of [360, 500, 700, 900, 1280, 1440, 1920]) {
		await page.setViewportSize({ width, height: 800 });
		const cut = await page.locator(".part > span > *").evaluateAll((all) => all.filter((e) => {
			const [r, part] = [e.getBoundingClientRect(), e.closest(".part").getBoundingClientRect()];
			const seen = r.top < part.bottom && r.top < e.parentElement.getBoundingClientRect().bottom;
			return seen && (r.right > part.right + 0.5 || r.bottom > part.bottom);
		}).map((e) => e.textContent));
		none(cut, `${width} px: no word is cut`);
		await checkWidth(page, `${width} px`);
	}
	await close(page);
}

async function paper() {
	const page = await open("orders", { theme: "dark" });
	const rows = await page.locator(".row .name").allInnerTexts();

	await page.setViewportSize({ width: 720, height: 1000 }); /* of A4, between its margins */
	await page.emulateMedia({ media: "print", colorScheme: "dark" });
	await page.evaluate(() => window.dispatchEvent(new Event("beforeprint")));
	const colors = await page.locator("body").evaluate((body) => [getComputedStyle(body).color, getComputedStyle(body).backgroundColor]);
	equal(colors, ["rgb(0, 0, 0)", "rgb(255, 255, 255)"], "black on white");
	const panels = page.locator(".panel:visible");
	equal(await page.locator(".toolbar, .tools").evaluateAll((all) => all.map((e) => e.offsetHeight)), [0, 0], "no controls");
	equal(await panels.evaluateAll((all) => all.map((e) => e.id)), ["tree", "functions", "waits"], "the panels that tell of the request");
	equal(await page.locator("h2:visible").allInnerTexts(), ["Call tree", "Functions", "Waits"], "with their titles");
	equal(await page.locator(".row .name:visible").allInnerTexts(), rows, "the call tree as it is open");
	await checkWidth(page, "paper");
	ok((await page.pdf()).length > 10000, "a document of pages");
	none(page.faults, "paper: silent");
	await close(page);
}

main(narrow, fingers, wordsInTheBar, paper);
