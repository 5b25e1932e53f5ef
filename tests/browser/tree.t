#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The call tree: what is open at first, opening and closing by mouse and keyboard, times by mode and unit, search. */
"use strict";

const { close, main, open } = require("./browser");
const { equal, none, ok } = require("./tap");

const REQUEST = "GET /orders?id=…&profile=1";

function names(page) {
	return page.locator(".row .name").allInnerTexts();
}

function row(page, name) {
	return page.locator(".row").filter({ has: page.getByText(name, { exact: true }) }).first();
}

function active(page) {
	return page.locator('.row[aria-selected="true"] .name').innerText();
}

async function times(page, name) {
	return (await row(page, name).locator(".time").allInnerTexts()).join(" ");
}

/* Down to the function that spends most of its time itself; the heaviest first. */
const AT_FIRST = [REQUEST, "WorkerThread.run", "list_orders", "serialize", "encode_decimal", "JSONEncoder.encode", "ready but no CPU",
	"fetch_orders", "run_endpoint_function", "event loop busy", "unknown"];

async function atFirst() {
	const page = await open("orders", { fragment: "#lib=off" });
	const levels = await page.locator(".row").evaluateAll((all) => all.map((e) => Number(e.getAttribute("aria-level"))));

	equal(await names(page), AT_FIRST, "the heaviest path is open, and only that");
	equal(levels, [1, 2, 3, 4, 5, 5, 5, 4, 2, 2, 2], "callees stand below their callers");
	equal(await times(page, REQUEST), "183.4 119.4 64.0", "the request has all the time");
	equal(await times(page, "serialize"), "123.9 113.7 10.2", "a function has the time of what it calls");
	ok((await row(page, "serialize").innerText()).includes("self 12.4"), "and its own");
	ok((await row(page, "serialize").innerText()).includes("app/views.py:41"), "and its place");
	await close(page);
}

async function byMouse() {
	const page = await open("orders", { fragment: "#lib=off" });

	await row(page, "encode_decimal").click();
	equal((await names(page)).slice(4, 8),
		["encode_decimal", "unicode_format", "waiting for the GIL MainThread[4242] health (GET /health)", "JSONEncoder.encode"], "a click opens");
	equal(await active(page), "encode_decimal", "and chooses");
	await row(page, "encode_decimal").click();
	equal(await names(page), AT_FIRST, "another click closes");
	await row(page, "serialize").click();
	equal(await names(page), [...AT_FIRST.slice(0, 4), ...AT_FIRST.slice(7)], "with all that is below");
	await row(page, REQUEST).click({ modifiers: ["Alt"] });
	equal(await names(page), [REQUEST], "Alt-click closes all below");
	await row(page, REQUEST).click({ modifiers: ["Alt"] });
	equal(await page.locator('.row[aria-expanded="false"]').count(), 0, "and opens all below");
	ok((await names(page)).includes("do_sys_poll"), "down to the innermost");
	none(page.faults, "by mouse: silent");
	await close(page);
}

async function byKeyboard() {
	const page = await open("orders", { fragment: "#lib=off" });
	const press = async (...keys) => {
		for (const key of keys) {
			await page.keyboard.press(key);
		}
		return active(page);
	};

	await page.focus(".tree");
	equal(await press("ArrowDown", "ArrowDown"), "list_orders", "down");
	equal(await press("ArrowUp"), "WorkerThread.run", "up");
	equal(await press("ArrowLeft", "ArrowLeft"), REQUEST, "left closes, and goes to the caller");
	equal((await names(page)).length, 5, "what is closed is gone");
	equal(await press("ArrowRight", "ArrowRight", "ArrowRight", "ArrowRight"), "serialize", "right goes to the first callee, and opens");
	equal(await press("End"), "unknown", "End");
	equal(await press("Home"), REQUEST, "Home");
	await press("End", "ArrowUp", "ArrowUp", "Enter");
	equal(await row(page, "run_endpoint_function").getAttribute("aria-expanded"), "true", "Enter opens");
	await press(" ");
	equal(await row(page, "run_endpoint_function").getAttribute("aria-expanded"), "false", "Space closes");
	await press("*");
	equal(await page.locator('.row[aria-level="2"][aria-expanded="false"]').count(), 0, "* opens all beside it");
	const descendant = await page.locator(".tree").getAttribute("aria-activedescendant");
	equal(await page.locator(`#${descendant} .name`).innerText(), "run_endpoint_function", "the tree tells which row is active");
	await press("Home", "ArrowDown", "ArrowDown", "ArrowDown", "c");
	equal((await page.evaluate(() => navigator.clipboard.readText())).split("\n"),
		[REQUEST, "WorkerThread.run, _backends/_asyncio.py:867", "list_orders, app/views.py:28", "serialize, app/views.py:41"],
		"c copies the path");
	equal(await page.locator("#hits").innerText(), "path copied", "and says so");
	none(page.faults, "by keyboard: silent");
	await close(page);
}

async function modesAndUnits() {
	const page = await open("orders", { fragment: "#lib=off" });
	const choose = (text) => page.locator(".choice span").getByText(text, { exact: true }).click();

	await choose("%");
	equal(await times(page, "serialize"), "67.6 62.0 5.6", "times in percent of the wall time");
	await choose("ms");
	await choose("CPU");
	none((await names(page)).filter((n) => /ready|busy|unknown/.test(n)), "CPU: no wait");
	await choose("waiting");
	const waiting = await names(page);
	ok(!waiting.includes("JSONEncoder.encode") && waiting.includes("ready but no CPU"), "waiting: nothing that only computes", waiting);
	equal(waiting.slice(3, 5), ["fetch_orders", "serialize"], "waiting: the longest first");
	await choose("both");
	equal(await names(page), AT_FIRST, "both: as it was");
	none(page.faults, "modes and units: silent");
	await close(page);
}

async function search() {
	const page = await open("orders", { fragment: "#lib=off" });
	const found = () => page.locator(".row.found .name").allInnerTexts();
	const hits = () => page.locator("#hits").innerText();

	await page.keyboard.press("/");
	await page.keyboard.type("iterencode");
	equal(await found(), ["_make_iterencode.<locals>._iterencode", "_make_iterencode.<locals>._iterencode_list"],
		"a part of a name, where it was closed");
	equal(await hits(), "2 matches · 33.1 ms · 18.0 %", "nested matches count once");
	await page.fill("#search", "app/db.py:88");
	equal(await found(), ["fetch_orders"], "file and line");
	equal(await hits(), "1 match · 51.9 ms · 28.3 %", "with its time");
	await page.fill("#search", "/^(fetch|list)_/");
	equal(await found(), ["list_orders", "fetch_orders"], "a regular expression");
	await page.fill("#search", "/(/");
	equal([await found(), await page.getAttribute("#search", "aria-invalid")], [[], "true"], "a bad one is marked as such");
	await page.fill("#search", "5432");
	equal(await found(), ["network 127.0.0.1:5432"], "what was waited for");
	await page.fill("#search", "encode");
	await page.keyboard.press("Enter");
	equal(await active(page), "encode_decimal", "Enter goes to the heaviest match");
	await page.keyboard.press("Enter");
	equal(await active(page), "JSONEncoder.encode", "and to the next");
	await page.keyboard.press("Escape");
	equal([await found(), await hits(), await page.inputValue("#search")], [[], "", ""], "Escape ends it");
	equal(await names(page), AT_FIRST, "and closes what it opened");
	none(page.faults, "search: silent");
	await close(page);
}

async function merged() {
	const page = await open("merged");

	equal((await names(page))[0], "4 × GET /orders", "of several requests: what they have in common, not the target of one");
	equal(await page.locator("h1").innerText(), "4 × GET /orders", "as the page's title");
	none(page.faults, "merged: silent");
	await close(page);
}

main(atFirst, byMouse, byKeyboard, modesAndUnits, search, merged);
