#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The timeline as a person uses it: read a wait, select a range for all views, zoom, pan, choose, walk with keys, on a screen and on a phone. */
"use strict";

const { close, colour, main, open, render, spread } = require("./drawn");
const { pageOf } = require("./large");
const { equal, none, ok, within } = require("./tap");

const LANES = "#timeline .timeline-box canvas";
const OVERVIEW = "#timeline canvas.overview";
const WALL_MS = 183.4;
const TALL = { viewport: { width: 1280, height: 1100 } };
const STRIP_Y = 58 + 22 + 12; /* the middle of the first lane's slices, below axis, marks and its name */

/* The fixture with a task of its own, as those of event loops have. */
function withTask(page) {
	const profile = JSON.parse(render("coroutines", "json"));
	profile.samples.task = profile.samples.task.map(() => 0);
	return pageOf(page, profile);
}

/* Where a time is in the picture, at some height. */
async function place(page, ms, y, selector = LANES, [from, to] = [0, WALL_MS]) {
	const box = await page.locator(selector).boundingBox();
	return { x: box.x + box.width * (ms - from) / (to - from), y: box.y + y };
}

async function tipAt(page, ms, y, sight) {
	const { x, y: top } = await place(page, ms, y, LANES, sight);
	await page.mouse.move(x - 3, top);
	await page.mouse.move(x, top);
	const tip = page.locator(".tip");
	return (await tip.isVisible()) ? tip.innerText() : "";
}

/* The middle of the second lane's slices: found by what is there, for the first lane's height depends on its stacks. */
async function workerY(page) {
	for (let y = STRIP_Y + 20; y < 400; y += 6) {
		if ((await tipAt(page, 10, y)).startsWith("network")) {
			return y + 6;
		}
	}
	throw new Error("no slices of the worker");
}

async function drag(page, selector, y, fromMs, toMs) {
	const [from, to] = [await place(page, fromMs, y, selector), await place(page, toMs, y, selector)];
	await page.mouse.move(from.x, from.y);
	await page.mouse.down();
	await page.mouse.move(to.x, to.y, { steps: 8 });
	await page.mouse.up();
}

function parameter(page, name) {
	return page.evaluate((key) => new URLSearchParams(location.hash.slice(1)).get(key), name);
}

/* The part of the time in sight, in ms, when it has come to rest. zoomed: it is a part, as soon as the page gets to it. */
async function sight(page, zoomed = false) {
	let span = null;

	for (let i = 0; i < (zoomed ? 20 : 1) && !span; i++) {
		await page.waitForTimeout(500);
		span = await parameter(page, "span");
	}
	return span ? span.split("-").map((ns) => Number(ns) / 1e6) : [0, WALL_MS];
}

async function reading() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const y = await workerY(page);

	equal((await tipAt(page, 10, y)).split("\n"), ["network 127.0.0.1:5432", "9.80 ms · at 7.60 ms", "in do_sys_poll kernel",
		"from fetch_orders app/db.py:88", "woken by postgres[913]"], "a wait: for what, how long, from where, woken by whom");
	ok((await tipAt(page, 61, y)).startsWith("ready but no CPU"), "ready");
	ok((await tipAt(page, 54.8, y)).startsWith("waiting for the GIL MainThread[4242] health (GET /health)"), "the GIL and who holds it");
	ok((await tipAt(page, 80, y)).startsWith("on CPU (user)"), "on the CPU");
	const caller = await tipAt(page, 80, y + 12 + 2 + 16 + 8);
	ok(caller.startsWith("list_orders app/views.py"), "stacks stand below the slices", caller);
	const call = await tipAt(page, 120, y + 12 + 2 + 2 * 16 + 8);
	ok(/^serialize app\/views\.py:41\n≈ 123\.\d+ ms in one go/.test(call), "a function that goes on over waits is one", call);
	none(page.faults, "reading: silent");
	await close(page);
}

async function range() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const y = await workerY(page);

	await drag(page, LANES, y, 20, 60);
	within(Number((await parameter(page, "from"))) / 1e6, 20, 0.5, "a drag selects a range: from");
	within(Number((await parameter(page, "to"))) / 1e6, 60, 0.5, "to");
	await page.click("#tab-tree");
	const total = Number((await page.locator(".row .time").first().innerText()));
	within(total, 40, 1, "which the call tree is of, too");
	await page.goBack();
	await page.goBack();
	equal((await parameter(page, "from")), null, "back undoes it");
	await drag(page, OVERVIEW, 20, 100, 150);
	within(Number((await parameter(page, "from"))) / 1e6, 100, 0.5, "the brush above selects as well");
	await drag(page, OVERVIEW, 20, 150, 170);
	within(Number((await parameter(page, "to"))) / 1e6, 170, 0.5, "its edge can be moved");
	await drag(page, OVERVIEW, 20, 130, 110);
	within(Number((await parameter(page, "from"))) / 1e6, 80, 0.7, "and all of it");
	await page.click("text=Zoom to range");
	const [from, to] = await sight(page, true);
	ok(Math.abs(from - 80) < 1 && Math.abs(to - 150) < 1, "it can be looked at alone", `${from} ${to}`);
	await page.click("text=Clear range");
	equal((await parameter(page, "from")), null, "and be taken away");
	none(page.faults, "range: silent");
	await close(page);
}

async function zoom() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const { x, y } = await place(page, 60, STRIP_Y);

	await page.mouse.move(x, y);
	for (let i = 0; i < 10; i++) {
		await page.mouse.wheel(0, -120);
	}
	const near = await sight(page);
	ok(near[1] - near[0] < 30 && near[0] < 60 && near[1] > 60, "the wheel zooms at the pointer", near.join());
	await page.keyboard.down("Shift");
	await page.mouse.wheel(0, 300);
	await page.keyboard.up("Shift");
	const later = await sight(page);
	ok(later[0] > near[0] && Math.abs(later[1] - later[0] - near[1] + near[0]) < 0.01, "Shift and the wheel pan", later.join());
	await page.reload();
	await page.waitForSelector("html.scripted");
	equal(await sight(page), later, "a link leads to the same part");
	await page.keyboard.press("a");
	ok((await sight(page))[0] < later[0], "A goes back");
	await page.keyboard.press("d");
	await page.keyboard.press("w");
	const closer = await sight(page);
	ok(closer[1] - closer[0] < later[1] - later[0], "W comes closer");
	await page.keyboard.press("s");
	await page.keyboard.press("0");
	equal(await sight(page), [0, WALL_MS], "0 is all");
	await page.mouse.move(x, y);
	const before = await page.evaluate(() => scrollY);
	await page.mouse.wheel(0, 200);
	await page.waitForTimeout(200);
	ok((await page.evaluate(() => scrollY)) >= before, "and what cannot be zoomed out scrolls the page");
	none(page.faults, "zoom: silent");
	await close(page);
}

async function choosing() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const y = await workerY(page);
	const { x } = await place(page, 70, y);

	await page.mouse.click(x, (await place(page, 70, y)).y);
	ok(/^f\d+$/.test((await parameter(page, "sel"))), "a click on the CPU selects a function", (await parameter(page, "sel")));
	await page.click("#tab-tree");
	equal(await page.locator('.row[aria-selected="true"] .name').first().innerText(), "encode_decimal", "in the tree, too");
	await page.click("#tab-timeline");
	const wait = await place(page, 10, y);
	await page.mouse.click(wait.x, wait.y);
	ok((await parameter(page, "sel")).startsWith("w:network:"), "a click on a wait selects it", (await parameter(page, "sel")));
	await page.fill("#search", "encode");
	const filtered = await place(page, 120, y + 12 + 2 + 2 * 16 + 8);
	await page.mouse.move(filtered.x, filtered.y);
	ok((await page.locator(".tip").innerText()).startsWith("serialize"), "what is not found can still be read");
	none(page.faults, "choosing: silent");
	await close(page);
}

async function keys() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const told = () => page.locator("#timeline-active").getAttribute("aria-label");
	const press = async (...names) => {
		for (const name of names) {
			await page.keyboard.press(name);
		}
		return told();
	};

	ok((await told()).startsWith("2 lanes: MainThread 4242"), "what there is is told", await told());
	await page.focus(LANES);
	ok((await press("ArrowRight")).startsWith("MainThread 4242, on CPU"), "the first slice");
	ok((await press("ArrowRight")).includes("ready but no CPU"), "the next one");
	ok((await press("ArrowDown")).startsWith("AnyIO worker thread 4251"), "the lane below");
	await press("ArrowRight", "ArrowRight");
	ok((await told()).includes("woken by postgres[913]"), "with all that is known of it", await told());
	await press("[");
	ok(Number((await parameter(page, "from"))) > 0, "a range can begin there", page.url());
	await press("Escape");
	equal((await parameter(page, "from")), null, "and Escape takes it away");
	await press("Enter");
	ok((await parameter(page, "sel")).startsWith("w:network:"), "Enter selects");
	none(page.faults, "keys: silent");
	await close(page);
}

async function tasks() {
	const page = await open("coroutines", { fragment: "#tab=timeline", change: withTask });
	const told = await page.locator("#timeline-active").getAttribute("aria-label");
	ok(told.includes("task RequestResponseCycle.run_asgi"), "tasks have lanes", told);
	const words = await page.evaluate(() => document.querySelector("#timeline canvas.overview").width);
	ok(words > 0, "and are in the overview");
	none(page.faults, "tasks: silent");
	await close(page);
}

async function themes() {
	const page = await open("orders", { ...TALL, fragment: "#tab=timeline" });
	const corner = () => colour(page, LANES, 300, 30);
	const light = await corner();
	await page.click("#theme");
	await page.waitForTimeout(150);
	const dark = await corner();
	ok(dark !== light, "drawn again in the other theme", `${light} ${dark}`);
	await page.click("#theme");
	await page.waitForTimeout(150);
	equal(await corner(), light, "and back");
	none(page.faults, "themes: silent");
	await close(page);
}

async function fingers() {
	const page = await open("orders", { viewport: { width: 390, height: 1500 }, fragment: "#tab=timeline" });

	await spread(page, LANES, STRIP_Y, 30, 120);
	const [from, to] = await sight(page);
	within((from + to) / 2, WALL_MS / 2, 3, "two fingers zoom between them");
	within(to - from, WALL_MS / 4, 8, "as far as they go apart");
	equal(await parameter(page, "from"), null, "and select nothing");
	none(page.faults, "fingers: silent");
	await close(page);
}

async function oddities() {
	for (const fixture of ["ready", "hostile", "loop", "upload", "shop"]) {
		const page = await open(fixture, { fragment: "#tab=timeline", viewport: { width: 390, height: 844 } });
		await page.waitForTimeout(100);
		ok((await page.evaluate(() => document.documentElement.scrollWidth)) <= 390, `${fixture}: not wider than a phone`);
		ok(await page.locator("#timeline-active").getAttribute("aria-label"), `${fixture}: told`);
		none(page.faults, `${fixture}: silent`);
		await close(page);
	}
}

main(reading, range, zoom, choosing, keys, tasks, themes, fingers, oddities);
