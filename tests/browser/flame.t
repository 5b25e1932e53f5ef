#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The flame graph as a person uses it: read a cell, zoom in and out, search, select, choose colours, walk with keys, save it. */
"use strict";

const fs = require("node:fs");
const { close, colour, main, open, render } = require("./drawn");
const { pageOf } = require("./large");
const { equal, none, ok } = require("./tap");

const CANVAS = "#flame canvas";
const ROW_PX = 20;
const DEEP = 10000; /* frames below each other */

/* The middle of the cell in a row at a part of the width. */
async function at(page, row, part) {
	const box = await page.locator(CANVAS).boundingBox();
	return { x: box.x + box.width * part, y: box.y + (row + 0.5) * ROW_PX };
}

async function hover(page, row, part) {
	const { x, y } = await at(page, row, part);
	await page.mouse.move(x, y);
	return page.locator(".tip").innerText();
}

async function click(page, row, part) {
	const { x, y } = await at(page, row, part);
	await page.mouse.move(x, y);
	await page.mouse.click(x, y);
}

async function crumbs(page) {
	const way = page.locator(".crumbs");
	return (await way.isHidden()) ? [] : (await way.innerText().then((text) => text.split(/\s*›\s*/).map((name) => name.trim()).filter(Boolean)));
}

/* What is told of the cell that the keys are at. */
function told(page) {
	return page.locator("#flame-active").getAttribute("aria-label");
}

/* The colour of a cell in a row at a part of the width, so far from its middle. */
async function cellColour(page, row, part, [dx, dy] = [0, 0]) {
	const { width } = await page.locator(CANVAS).boundingBox();
	return colour(page, CANVAS, width * part + dx, (row + 0.5) * ROW_PX + dy);
}

async function reading() {
	const page = await open("orders", { fragment: "#tab=flame" });

	const text = await hover(page, 2, 0.2);
	ok(text.startsWith("serialize app/views.py:41"), "a cell says what it is", text);
	ok(/total 123\.9 ms \(67\.6 %\) · CPU 113\.7 · self 12\.4 · waiting 10\.2 · 114 samples/.test(text), "and how much", text);
	ok((await hover(page, 3, 0.8)).startsWith("network 127.0.0.1:5432"), "waits are leaves with their object");
	await page.mouse.move(5, 5);
	ok(await page.locator(".tip").isHidden(), "and nothing beside it");
	none(page.faults, "reading: silent");
	await close(page);
}

async function zoom() {
	const page = await open("orders", { fragment: "#tab=flame" });

	await click(page, 2, 0.2);
	equal(await crumbs(page), ["GET /orders?id=…&profile=1", "list_orders", "serialize"], "a click zooms, and the way back is written above");
	await page.waitForTimeout(400);
	ok((await hover(page, 2, 0.99)).startsWith("serialize"), "the cell fills the width");
	ok(await page.evaluate(() => location.hash.includes("zoom=")), "the address says so");
	await page.reload();
	await page.waitForSelector("html.scripted");
	ok((await hover(page, 2, 0.99)).startsWith("serialize"), "and a link leads there");
	await page.locator(".crumbs button", { hasText: "list_orders" }).click();
	equal((await crumbs(page)).length, 2, "a crumb leads back");
	await page.goBack();
	equal((await crumbs(page)).at(-1), "serialize", "the back button undoes that");
	await page.focus(CANVAS);
	await page.keyboard.press("Escape");
	equal(await crumbs(page), [], "Escape goes out");
	await page.waitForTimeout(400);
	const { x, y } = await at(page, 2, 0.9);
	await page.mouse.move(x, y);
	for (let i = 0; i < 12; i++) {
		await page.mouse.wheel(0, -240);
	}
	await page.waitForTimeout(100);
	ok((await hover(page, 2, 0.05)).startsWith("fetch_orders"), "the wheel zooms at the pointer");
	await page.mouse.down();
	await page.mouse.move(x + 30, y, { steps: 3 });
	await page.mouse.up();
	equal(await crumbs(page), [], "a drag moves and does not click");
	await page.keyboard.press("0");
	none(page.faults, "zoom: silent");
	await close(page);
}

async function searching() {
	const page = await open("orders", { fragment: "#tab=flame" });
	const before = [await cellColour(page, 3, 0.03, [0, 5]), await cellColour(page, 2, 0.9, [0, 5])];

	await page.fill("#search", "encode_decimal");
	ok(/^1 match/.test(await page.locator("#hits").innerText()), "a search tells its matches", await page.locator("#hits").innerText());
	await page.waitForTimeout(150);
	const after = [await cellColour(page, 3, 0.03, [0, 5]), await cellColour(page, 2, 0.9, [0, 5])];
	equal(after[0], before[0], "what is found is as it was");
	ok(after[1] !== before[1], "the rest is pale", after[1]);
	ok((await cellColour(page, 3, 0, [1, 0])) !== after[0], "and what is found has an outline");
	none(page.faults, "searching: silent");
	await close(page);
}

async function selecting() {
	const page = await open("orders", { fragment: "#tab=flame" });

	await click(page, 3, 0.1);
	await page.click("#tab-tree");
	equal(await page.locator('.row[aria-selected="true"] .name').first().innerText(), "encode_decimal", "what is clicked is selected in the tree");
	none(page.faults, "selecting: silent");
	await close(page);
}

async function colours() {
	const page = await open("orders", { fragment: "#tab=flame" });
	const choose = (label) => page.locator("#flame .choice label", { hasText: label }).click();
	const legend = () => page.locator("#flame .keys").innerText();

	ok((await legend()).includes("Python"), "kinds of frames have a legend");
	await choose("package");
	await page.waitForFunction(() => document.querySelector("#flame .keys").innerText.includes("app"));
	ok(true, "so have packages");
	await choose("class of time");
	await page.waitForFunction(() => document.querySelector("#flame .keys").innerText.includes("network"));
	ok(await page.evaluate(() => location.hash.includes("color=class")), "the address keeps the choice");
	const icicle = await hover(page, 0, 0.5);
	await choose("flame");
	await page.waitForTimeout(100);
	const rows = await page.locator(CANVAS).evaluate((canvas) => Math.round(canvas.getBoundingClientRect().height / 20));
	equal(await hover(page, rows - 1, 0.5), icicle, "a flame has its root at the bottom");
	await page.locator("label", { hasText: "invert" }).click();
	await choose("icicle");
	await page.waitForTimeout(100);
	ok((await hover(page, 1, 0.1)).startsWith("network"), "inverted: where the time was spent comes first", await hover(page, 1, 0.1));
	for (const theme of ["dark", "light"]) {
		const was = await cellColour(page, 0, 0.5);
		await page.click("#theme");
		await page.waitForTimeout(150);
		ok((await cellColour(page, 0, 0.5)) !== was, `drawn again in the ${theme} theme`);
	}
	none(page.faults, "colours: silent");
	await close(page);
}

async function keys() {
	const page = await open("orders", { fragment: "#tab=flame" });
	const press = async (...names) => {
		for (const name of names) {
			await page.keyboard.press(name);
		}
		return told(page);
	};

	await page.focus(CANVAS);
	equal(await page.locator(CANVAS).getAttribute("aria-activedescendant"), "flame-active", "screen readers are told where the keys are");
	ok((await press("ArrowDown", "ArrowDown")).startsWith("serialize app/views.py:41 · total 123.9 ms"), "down to the heaviest callee");
	ok((await press("ArrowRight")).startsWith("fetch_orders"), "along the row");
	ok((await press("ArrowUp")).startsWith("list_orders"), "up to the caller");
	await press("Enter");
	equal((await crumbs(page)).at(-1), "list_orders", "Enter zooms");
	ok((await press("Home")).startsWith("GET /orders"), "Home");
	none(page.faults, "keys: silent");
	await close(page);
}

async function saving() {
	const page = await open("hostile", { fragment: "#tab=flame" });
	const save = async (name) => {
		const [download] = await Promise.all([page.waitForEvent("download"), page.click(`text=${name}`)]);
		return [download.suggestedFilename(), fs.readFileSync(await download.path())];
	};

	const [svgName, svg] = await save("Save SVG");
	equal(svgName, "reqprof-3f2a91-flame.svg", "a picture called after the request");
	const parsed = await page.evaluate((text) => {
		const root = new DOMParser().parseFromString(text, "image/svg+xml");
		return { error: root.querySelector("parsererror")?.textContent, cells: root.querySelectorAll("title").length,
			other: [...root.querySelectorAll("*")].map((e) => e.tagName).filter((name) => !/^(svg|defs|pattern|rect|path|circle|g|title|text)$/.test(name)) };
	}, svg.toString());
	ok(!parsed.error && parsed.cells > 3, "it is well-formed, with a title for each cell", JSON.stringify(parsed));
	equal(parsed.other, [], "names of the target are no markup in it");
	const [pngName, png] = await save("Save PNG");
	equal([pngName, png.subarray(1, 4).toString()], ["reqprof-3f2a91-flame.png", "PNG"], "and as PNG");
	none(page.faults, "saving: silent");
	await close(page);
}

/* The report with a function that calls itself and calls itself. */
function deepPage(page) {
	const profile = JSON.parse(render("orders", "json"));
	let stack = -1;
	for (let i = 0; i < DEEP; i++) {
		profile.frames.push({ ...profile.frames[2], function: `deep_${i}`, line: i + 1 });
		stack = profile.stacks.push([stack, profile.frames.length - 1]) - 1;
	}
	profile.samples.stack = profile.samples.stack.map((at, i) => (i % 2 ? stack : at));
	return pageOf(page, profile);
}

async function deep() {
	const page = await open("orders", { fragment: "#tab=flame", change: deepPage });
	const box = page.locator(".flame-box");

	const { clientHeight, scrollHeight } = await box.evaluate((e) => ({ clientHeight: e.clientHeight, scrollHeight: e.scrollHeight }));
	ok(scrollHeight > DEEP * ROW_PX && clientHeight < 1000, "ten thousand frames below each other can be scrolled",
		`${clientHeight} of ${scrollHeight}`);
	await page.locator(CANVAS).evaluate((canvas) => canvas.scrollIntoView({ block: "center" }));
	await box.evaluate((e) => (e.scrollTop = e.scrollHeight - e.clientHeight - 60));
	await page.waitForTimeout(200);
	ok(/^deep_99\d\d/.test(await hover(page, 3, 0.8)), "and read at their end", await hover(page, 3, 0.8));
	none(page.faults, "deep: silent");
	await close(page);
}

async function empty() {
	const page = await open("ready", { fragment: "#tab=flame&mode=cpu" });
	ok((await page.locator("#flame .empty").innerText()).startsWith("Nothing is left to show"), "nothing to show is said");
	none(page.faults, "empty: silent");
	await close(page);
}

async function phone() {
	const page = await open("orders", { fragment: "#tab=flame", viewport: { width: 390, height: 844 } });
	const width = await page.evaluate(() => document.documentElement.scrollWidth);
	ok(width <= 390, "it is not wider than a phone", width);
	none(page.faults, "phone: silent");
	await close(page);
}

main(reading, zoom, searching, selecting, colours, keys, saving, deep, empty, phone);
