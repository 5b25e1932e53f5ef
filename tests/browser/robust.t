#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Reports at the edge: very deep, empty, cut off on their way, with names of a hundred thousand characters. */
"use strict";

const { close, main, open, render } = require("./browser");
const { pageOf } = require("./large");
const { equal, none, ok } = require("./tap");

const TABS = ["tree", "flame", "timeline", "functions", "waits", "about"];
const DEEP = 10000;

function profile() {
	return JSON.parse(render("orders", "json"));
}

function deep(page) {
	const p = profile();
	for (let i = 0; i < DEEP; i++) {
		p.frames.push({ ...p.frames[3], function: `level_${i}`, line: i });
		p.stacks.push([p.stacks.length - 1, p.frames.length - 1]);
	}
	p.samples.stack = p.samples.stack.map((stack) => (stack === 4 ? p.stacks.length - 1 : stack));
	p.waits[4].stack = p.stacks.length - 1;
	return pageOf(page, p);
}

function empty(page) {
	const samples = { t: [], thread: [], task: [], stack: [], weight_ns: [], bound: [] };
	return pageOf(page, { ...profile(), threads: [], frames: [], stacks: [], waits: [], samples });
}

function cutOff(page) {
	return page.replace(/(<script type="application\/json" id="data">.{3000}).*?(<\/script>)/s, "$1$2");
}

function longNames(page) {
	const p = profile();
	const names = ["<img src=x onerror=alert(1)>", "\u202egnp.exe", "👩‍👩‍👧‍👦".repeat(500), "x".repeat(100000), "فاتورة", "a\u0000b\nc", "__proto__",
		"constructor"];
	p.frames.forEach((frame, i) => Object.assign(frame, { function: names[i % names.length], file: frame.file && names[(i + 1) % names.length] }));
	p.waits.forEach((wait, i) => Object.assign(wait, { object: names[i % names.length] }));
	p.threads.forEach((thread, i) => Object.assign(thread, { name: names[i + 1] }));
	return pageOf(page, p);
}

async function inEveryTab(page, what) {
	for (const tab of TABS) {
		await page.click(`#tab-${tab}`);
		ok(await page.locator(`#${tab}`).evaluate((e) => e.offsetHeight > 20), `${what}: ${tab} shows something`);
		equal(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), true, `${what}: ${tab} is not wider than the window`);
	}
}

async function veryDeep() {
	const page = await open("orders", { change: deep });

	await inEveryTab(page, "deep");
	await page.click("#tab-tree");
	await page.fill("#search", `level_${DEEP - 1}`);
	await page.press("#search", "Enter");
	ok((await page.locator('.row[aria-selected="true"]').innerText()).includes(`level_${DEEP - 1}`), "deep: the innermost is found");
	equal(await page.locator('.row[aria-selected="true"]').getAttribute("aria-level"), String(DEEP + 3), "deep: at its depth");
	await page.fill("#search", "");
	await page.check("#invert");
	ok((await page.locator(".row").nth(1).innerText()).includes("network"), "deep: upside down");
	none(page.faults, "deep: silent");
	await close(page);
}

async function nothing() {
	const page = await open("orders", { change: empty });

	await inEveryTab(page, "empty");
	none(page.faults, "empty: silent");
	await close(page);
}

async function truncated() {
	const page = await open("orders", { change: cutOff, wait: false });

	await page.waitForSelector(".quality:has-text('cannot be shown')");
	equal(await page.locator(".panel:visible").evaluateAll((all) => all.map((e) => e.id)), ["tree", "functions", "waits", "about"],
		"cut off: what was written with the report is there");
	equal(await page.locator("#tools:visible, #toolbar:visible").count(), 0, "cut off: and nothing that does not work");
	none(page.faults, "cut off: silent");
	await close(page);
}

async function names() {
	const page = await open("orders", { change: longNames });

	await inEveryTab(page, "names");
	await page.click("#tab-tree");
	await page.locator(".row").first().click({ modifiers: ["Alt"] });
	await page.locator(".row").first().click({ modifiers: ["Alt"] });
	equal(await page.locator("img, svg, iframe").count(), 0, "names: none becomes markup");
	const shown = await page.locator(".row .name").allInnerTexts();
	ok(shown.every((text) => text.length < 2500 && !text.includes("\u202e")), "names: none is too long or turns text round");
	await page.fill("#search", "constructor");
	ok((await page.locator("#hits").innerText()).includes("match"), "names: they are found");
	none(page.faults, "names: silent");
	await close(page);
}

main(veryDeep, nothing, truncated, names);
