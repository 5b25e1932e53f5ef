#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Names that the target chose are shown as they are: nothing of them becomes an element, runs, or goes anywhere. */
"use strict";

const { close, main, open } = require("./browser");
const { equal, none, ok } = require("./tap");

const TABS = ["tree", "functions", "waits", "about"];
const NAMES = {
	request: "GET /<script>alert(1)</script>\"'&amp;/", process: "<script>app.py", function: "</script><img src=x onerror=alert(1)>",
	place: "<b>\"x\"</b>.py:1", object: "unix:@<svg/onload=alert(1)>", command: "reqprof -m '</script>' --><!--", template: "{{data}}",
};
// eslint-disable-next-line no-control-regex
const UNWANTED = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/;

/* What must not be there, and attributes that would run something. */
function elements(page) {
	return page.evaluate(() => {
		const all = [...document.querySelectorAll("*")];
		const foreign = document.querySelectorAll("img, svg, iframe, object, embed, plaintext, base, form:not(dialog form), i:not(.strip i)");

		return { scripts: document.scripts.length, foreign: [...foreign].map((e) => e.outerHTML.slice(0, 80)),
			handlers: all.flatMap((e) => [...e.attributes]).filter((a) => /^on|^src/.test(a.name)).map((a) => a.name) };
	});
}

async function checkElements(page, where) {
	const { scripts, foreign, handlers } = await elements(page);

	equal(scripts, 2, `${where}: the data and the program are the only scripts`);
	none(foreign, `${where}: no element that the page does not make itself`);
	none(handlers, `${where}: no handler and no source`);
}

async function checkText(page, names, where) {
	const text = await page.locator("body").innerText();

	none(names.filter((name) => !text.includes(NAMES[name])).map((name) => `${NAMES[name]}\nin ${text}`),
		`${where}: shown literally: ${names.join(", ")}`);
	ok(!UNWANTED.test(text.replaceAll("\t", " ")), `${where}: no control and no bidirectional character`);
}

async function withoutScript() {
	const page = await open("hostile", { script: false });

	await checkElements(page, "without script");
	await checkText(page, Object.keys(NAMES), "without script");
	none(page.faults, "without script: silent");
	await close(page);
}

async function withScript() {
	const page = await open("hostile");
	const shown = { tree: ["request", "process", "function", "place", "object", "template"], functions: ["function", "place"],
		waits: ["object"], about: ["command"] };

	for (const tab of TABS) {
		await page.click(`#tab-${tab}`);
		await checkElements(page, tab);
		await checkText(page, shown[tab], tab);
	}
	none(page.faults, "in all tabs: silent");
	await close(page);
}

/* What is typed, or comes in a link, is as foreign as what the target chose. */
async function foreignSearches() {
	const fragment = "#tab=waits&q=%3Cimg+src%3Dx+onerror%3Dalert(1)%3E&mode=%3Cb%3E&unit=javascript:alert(1)&constructor=x&__proto__=y";
	const page = await open("hostile", { fragment });

	equal(await page.inputValue("#search"), "<img src=x onerror=alert(1)>", "a link's search is text");
	await page.click("#tab-tree");
	equal(await page.locator(".row.found .name").allInnerTexts(), [NAMES.function], "and finds what is so called");
	for (const text of ["/(/", "/[/i", "</script>", "constructor", "__proto__"]) {
		await page.fill("#search", text);
		ok((await page.locator(".row").count()) > 0, `search for ${text}: the tree is there`);
	}
	await page.evaluate(() => (location.hash = "#tab=__proto__&q=%FF"));
	await page.waitForFunction(() => document.getElementById("tab-tree").getAttribute("aria-selected") === "true");
	await checkElements(page, "after searches");
	none(page.faults, "searches: silent");
	await close(page);
}

main(withoutScript, withScript, foreignSearches);
