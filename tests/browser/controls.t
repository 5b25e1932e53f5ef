#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* Tabs, links and the back button, theme, copy, download, help; tables that sort and filter. */
"use strict";

const fs = require("node:fs");
const { close, fixtures, formats, main, open, render } = require("./browser");
const { contrasts, ENOUGH } = require("./contrast");
const { equal, none, ok } = require("./tap");

const TABS = ["tree", "flame", "timeline", "functions", "waits", "about"];

function shownPanels(page) {
	return page.locator(".panel:visible").evaluateAll((all) => all.map((e) => e.id));
}

async function tabs() {
	const page = await open("orders");

	equal(await page.locator('[role="tab"]').allInnerTexts(), ["Call tree", "Flame graph", "Timeline", "Functions", "Waits 18", "About"],
		"a tab for each panel");
	for (const tab of TABS) {
		await page.click(`#tab-${tab}`);
		const chosen = await page.locator('[aria-selected="true"][role="tab"]').getAttribute("id");
		equal([await shownPanels(page), chosen], [[tab], `tab-${tab}`], `${tab} alone`);
	}
	await page.keyboard.press("ArrowRight");
	equal(await shownPanels(page), ["tree"], "right of the last is the first");
	await page.keyboard.press("ArrowLeft");
	await page.keyboard.press("ArrowLeft");
	equal(await shownPanels(page), ["waits"], "left");
	await page.keyboard.press("4");
	equal(await shownPanels(page), ["functions"], "4 is the fourth");
	await page.goBack();
	equal(await shownPanels(page), ["waits"], "back");
	await page.goForward();
	equal(await shownPanels(page), ["functions"], "forward");
	await page.reload();
	await page.waitForSelector("html.scripted");
	equal(await shownPanels(page), ["functions"], "after reloading it is the same");
	none(page.faults, "tabs: silent");
	await close(page);
}

async function links() {
	const page = await open("orders");
	const targets = await page.locator(".answers a, .quality a").evaluateAll((all) => all.map((a) => a.hash.slice(1)));

	none(targets.filter((id) => !TABS.includes(id)), "each link goes to a panel");
	await page.locator(".answers a").nth(1).click();
	equal([await shownPanels(page), await page.inputValue("#search")], [["waits"], "127.0.0.1:5432"], "a sentence leads to what it tells");
	equal(await page.locator(".longest tbody tr").count(), 11, "its waits are shown");
	await page.goBack();
	equal([await shownPanels(page), await page.inputValue("#search")], [["tree"], ""], "back undoes that");
	await page.click(".quality a");
	equal(await shownPanels(page), ["about"], "what is missing leads to About");
	none(page.faults, "links: silent");
	await close(page);
}

function background(page) {
	return page.evaluate(() => getComputedStyle(document.body).backgroundColor);
}

async function theme() {
	for (const [scheme, other] of [["light", "dark"], ["dark", "light"]]) {
		const page = await open("orders", { theme: scheme });
		const before = await background(page);

		await page.click("#theme");
		ok((await background(page)) !== before, `from ${scheme} to ${other}`);
		none((await contrasts(page)).filter((seen) => seen.contrast < ENOUGH), `${other}, chosen: enough contrast`);
		await page.reload();
		await page.waitForSelector("html.scripted");
		ok((await background(page)) !== before, `${other} stays chosen`);
		await page.click("#theme");
		equal(await background(page), before, `and back to ${scheme}`);
		none(page.faults, `theme from ${scheme}: silent`);
		await close(page);
	}
}

async function download(page, label) {
	await page.click("#download summary");
	const [download] = await Promise.all([page.waitForEvent("download"), page.click(`#downloads button:text-is("${label}")`)]);
	return { name: download.suggestedFilename(), text: fs.readFileSync(await download.path(), "utf8") };
}

/* Bytes that are no UTF-8 are escaped in what C writes; JSON, which the page has, cannot carry them. */
function utf8(text) {
	return text.replaceAll(/\ufffd|\\{1,2}x(c3(?=\()|ff|fe)/g, "?");
}

/* The time of each stack: which of several threads that do the same an instant is given to is not defined. */
function weigh({ samples, weights }) {
	const sums = new Map();
	samples.forEach((stack, i) => sums.set(String(stack), (sums.get(String(stack)) || 0) + weights[i]));
	return [...sums].sort();
}

async function copyAndDownload() {
	for (const fixture of fixtures()) {
		const page = await open(fixture);
		const id = JSON.parse(render(fixture, "json")).request.id;

		await page.click("#copy");
		await page.waitForFunction(() => document.getElementById("copy").textContent === "Copied");
		const copied = await page.evaluate(() => navigator.clipboard.readText());
		equal(copied.trimEnd(), render(fixture, "text").trimEnd(), `${fixture}: the copied text is the text format`);
		const json = await download(page, "JSON");
		equal(JSON.parse(json.text), JSON.parse(render(fixture, "json")), `${fixture}: the download is the JSON format`);
		equal(json.name, `reqprof-${id}.json`, `${fixture}: it is called after the request`);
		const speedscope = await download(page, "speedscope");
		const { profiles, comment } = JSON.parse(speedscope.text);
		equal([profiles[0].endValue, comment.includes(`report ${id}`)], [JSON.parse(json.text).time.wall_ns, true], `${fixture}: for speedscope`);
		if (formats().includes("speedscope")) {
			const [made, format] = [speedscope.text, render(fixture, "speedscope")].map((text) => JSON.parse(utf8(text)));
			equal(made.shared, format.shared, `${fixture}: its functions are those of the speedscope format`);
			equal(made.profiles.slice(1), format.profiles.slice(1), `${fixture}: and its threads and tasks`);
			if (fixture !== "merged") { /* in which requests lie over each other */
				equal(weigh(made.profiles[0]), weigh(format.profiles[0]), `${fixture}: and the request`);
			}
		}
		const folded = await download(page, "folded");
		equal(utf8(folded.text), utf8(render(fixture, "folded")), `${fixture}: folded stacks are the folded format, to the byte`);
		equal(folded.name, `reqprof-${id}.folded`, `${fixture}: they are called after the request`);
		ok(!(await page.locator("#download").evaluate((e) => e.open)), `${fixture}: the menu closes`);
		none(page.faults, `${fixture}, copy and download: silent`);
		await close(page);
	}
}

async function help() {
	const page = await open("orders");
	const isOpen = () => page.locator("#keys").evaluate((e) => e.open);

	ok(!(await isOpen()), "no help at first");
	await page.keyboard.press("?");
	ok(await isOpen(), "? opens the help");
	await page.keyboard.press("2");
	equal(await shownPanels(page), ["tree"], "keys do nothing behind it");
	await page.keyboard.press("Escape");
	ok(!(await isOpen()), "Escape closes it");
	await page.click("#help");
	ok(await isOpen(), "so does its button open it");
	ok((await page.evaluate(() => document.activeElement.closest("#keys"))) !== null, "the focus is in it");
	none((await contrasts(page)).filter((seen) => seen.contrast < ENOUGH), "help: enough contrast");
	await page.locator("#keys button").click();
	ok(!(await isOpen()), "Close closes it");
	none(page.faults, "help: silent");
	await close(page);
}

function column(page, table, n) {
	return page.locator(`${table} tbody tr td:nth-child(${n})`).allInnerTexts();
}

async function tables() {
	const page = await open("orders");
	const numbers = async (table, n) => (await column(page, table, n)).map((text) => Number(text) || 0);
	const sorts = () => page.locator(".functions th[aria-sort]").evaluateAll((all) => all.map((e) => e.getAttribute("aria-sort")));
	const falling = (list) => list.every((n, i) => !i || n <= list[i - 1]);

	await page.click("#tab-functions");
	ok(falling(await numbers(".functions", 1)), "functions: by self CPU time at first");
	equal((await column(page, ".functions", 6))[0], "encode_decimal", "functions: the heaviest first");
	await page.locator(".functions th").getByText("Wait").click();
	ok(falling(await numbers(".functions", 4)) && (await numbers(".functions", 4))[0] === 59.1, "functions: by wait");
	equal(await sorts(), ["descending"], "and told so");
	await page.locator(".functions th").getByText("Wait").click();
	ok(falling((await numbers(".functions", 4)).reverse()), "functions: and the other way round");
	await page.fill("#search", "libpq");
	equal(await column(page, ".functions", 6), ["PQgetResult"], "functions: searched by module");
	await page.fill("#search", "GIL");
	await page.click("#tab-waits");
	equal(await page.locator(".longest tbody tr").count(), 3, "waits: searched by cause");
	equal(await page.locator(".groups tbody tr:visible").count(), 1, "waits: groups too");
	await page.fill("#search", "");
	await page.locator(".longest th").getByText("At").click();
	await page.locator(".longest th").getByText("At").click();
	ok(falling((await numbers(".longest", 1)).reverse()), "waits: in the order of time");
	none(page.faults, "tables: silent");
	await close(page);
}

main(tabs, links, theme, copyAndDownload, help, tables);
