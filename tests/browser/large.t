#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* A report with twenty thousand nodes in its call tree and as many waits: only what can be seen is in the page, and all can be reached. */
"use strict";

const { close, main, open, render } = require("./browser");
const { pageOf } = require("./large");
const { equal, none, ok } = require("./tap");

const NODES = 20000;
const WIDE = 5000; /* of them beside each other */
const DEEP = 1000; /* of them below each other */
const WAITS = 20000;
const ELEMENTS_MAX = 8000; /* in the whole page, of which the tables have most */

/* The profile of a fixture with many functions: one calls WIDE others, which make a tree of fours; one calls itself DEEP deep. */
function enlarge(profile) {
	const { frames } = profile;
	const frame = (name) => frames.push({ ...frames[0], function: name, file: "/srv/large.py", line: frames.length }) - 1;
	const call = (parent, name) => profile.stacks.push([parent, frame(name)]) - 1;
	const { samples } = profile;
	const run = (stack, ns) => {
		Object.entries({ t: 0, thread: 0, task: -1, stack, weight_ns: ns, bound: 1 }).forEach(([key, value]) => samples[key].push(value));
		profile.threads[0].cpu_ns += ns;
	};

	const top = call(-1, "large");
	const level = [top];
	for (let i = 0; i < NODES - DEEP; i++) {
		const parent = i < WIDE ? top : level[1 + Math.floor((i - WIDE) / 4)];
		level.push(call(parent, `function_${i}`));
		run(level.at(-1), 1000 + i);
	}
	let at = top;
	for (let i = 0; i < DEEP; i++) {
		at = call(at, `deep_${i}`);
	}
	run(at, 5e6);
	const [first] = profile.waits;
	for (let i = 0; i < WAITS; i++) {
		profile.waits.push({ ...first, t: i, duration_ns: 1000 + i, runnable_ns: 0, object: `10.0.0.1:${i}` });
	}
	return profile;
}

const PROFILE = enlarge(JSON.parse(render("orders", "json")));

function largePage(page) {
	return pageOf(page, PROFILE);
}

function elements(page) {
	return page.evaluate(() => document.querySelectorAll("*").length);
}

async function few(page, where) {
	const n = await elements(page);

	ok(n < ELEMENTS_MAX, `${where}: few elements`, n);
}

/* The row that is chosen is there and in sight. */
function activeInSight(page) {
	return page.evaluate(() => {
		const row = document.querySelector('.row[aria-selected="true"]');
		const r = row && row.getBoundingClientRect();
		return r && r.top >= 0 && r.bottom <= innerHeight ? row.querySelector(".name").textContent : null;
	});
}

async function tree() {
	const page = await open("orders", { change: largePage, fragment: "#lib=off&hide=0" });
	const press = (...keys) => keys.reduce((before, key) => before.then(() => page.keyboard.press(key)), Promise.resolve());

	await few(page, "at first");
	await page.locator(".row").first().click({ modifiers: ["Alt"] });
	await page.locator(".row").first().click({ modifiers: ["Alt"] });
	await few(page, "with everything open");
	const height = await page.locator(".tree").evaluate((e) => e.offsetHeight);
	ok(height > 24 * NODES, "all rows have their place", height);
	await page.focus(".tree");
	await press("End");
	equal(await activeInSight(page), "unknown", "End goes to the last of them");
	await press("ArrowUp", "ArrowUp");
	ok(await activeInSight(page), "and up from there");
	await few(page, "at the end");
	await page.mouse.move(640, 600);
	for (let i = 0; i < 20; i++) {
		await page.mouse.wheel(0, -20000);
	}
	await page.waitForFunction(() => document.elementFromPoint(640, 400).closest(".row"));
	ok(true, "rows are there after scrolling");
	await press("Home");
	equal(await activeInSight(page), "GET /orders?id=…&profile=1", "Home");
	await few(page, "after scrolling");
	none(page.faults, "tree: silent");
	await close(page);
}

async function search() {
	const page = await open("orders", { change: largePage, fragment: "#lib=off&hide=0" });

	await page.fill("#search", "function_");
	const hits = await page.locator("#hits").innerText();
	ok(hits.startsWith(`${NODES - DEEP} matches`), "all matches are counted", hits);
	await few(page, "with all of them found");
	await page.fill("#search", `deep_${DEEP - 1}`);
	await page.keyboard.press("Enter");
	equal(await activeInSight(page), `deep_${DEEP - 1}`, "Enter goes to the one that is deepest");
	await page.fill("#search", "/^function_0$/");
	await page.keyboard.press("Enter");
	equal(await activeInSight(page), "function_0", "and to the one that is last of many");
	await few(page, "after searches");
	none(page.faults, "search: silent");
	await close(page);
}

async function tables() {
	const page = await open("orders", { change: largePage, fragment: "#lib=off&hide=0" });

	await page.click("#tab-functions");
	ok((await page.locator("#functions .note").innerText()).includes(" shown"), "functions: told how many are shown");
	await page.fill("#search", "function_123");
	equal(await page.locator(".functions tbody tr").count(), 111, "functions: those that are not shown are found");
	await page.fill("#search", "");
	await page.click("#tab-waits");
	ok((await page.locator("#waits h3").innerText()).startsWith(`${PROFILE.waits.length} waits`), "waits: told how many there are");
	await page.fill("#search", "10.0.0.1:777");
	equal(await page.locator(".longest tbody tr").count(), 11, "waits: those that are not shown are found");
	await few(page, "tables");
	none(page.faults, "tables: silent");
	await close(page);
}

/* A report that is so large as reqprof writes it: its tables are packed. */
async function packed() {
	const page = await open("many");
	const json = JSON.parse(render("many", "json"));

	equal(await page.locator("#data").evaluate((e) => [e.type, e.dataset.encoding]), ["application/octet-stream", "deflate"], "tables are packed");
	equal(await page.locator("#tab-waits .count").innerText(), ` ${json.waits.length}`, "all waits are read");
	const ms = Object.values(json.time.classes_ns).reduce((sum, ns) => sum + ns, 0) / 1e6;
	equal(await page.locator(".row .time").first().innerText(), ms.toFixed(1), "and all of the time");
	await page.click("#tab-waits");
	ok((await page.locator("#waits h3").innerText()).startsWith(`${json.waits.length} waits, 50 shown`), "single waits begin with some");
	none(page.faults, "packed: silent");
	await close(page);
}

main(tree, search, tables, packed);
