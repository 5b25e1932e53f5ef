#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The page in Firefox, by WebDriver BiDi: it opens, is searched, every tab shows something, and nothing is complained of. */
"use strict";

const { execFileSync } = require("node:child_process");
const fs = require("node:fs");
const os = require("node:os");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const puppeteer = require("puppeteer-core");
const { render, ROOT } = require("./browser");
const { large, pageOf } = require("./large");
const tap = require("./tap");

const FIREFOX = process.env.FIREFOX || "/usr/bin/firefox-esr";
const TIMEOUT_MS = 30000;
const directory = fs.mkdtempSync(path.join(os.tmpdir(), "reqprof-firefox-"));
let browser = null;

async function visit(url) {
	const page = await browser.newPage();
	page.setDefaultTimeout(TIMEOUT_MS);
	page.faults = [];
	page.on("console", (message) => page.faults.push(`console: ${message.text()}`));
	page.on("pageerror", (error) => page.faults.push(`exception: ${error.message}`));
	await page.setViewport({ width: 1280, height: 800 });
	await page.goto(url);
	await page.waitForSelector("html.scripted");
	return page;
}

function open(name, html, fragment = "") {
	const file = path.join(directory, name + ".html");
	fs.writeFileSync(file, html);
	return visit(pathToFileURL(file).href + fragment);
}

function text(page, selector) {
	return page.$eval(selector, (e) => e.innerText);
}

async function orders() {
	const page = await open("orders", render("orders", "html"));

	tap.equal(await page.$$eval(".row .name", (all) => all.slice(0, 4).map((e) => e.textContent)),
		["GET /orders?id=…&profile=1", "list_orders", "serialize", "encode_decimal"], "the heaviest path is open");
	await page.type("#search", "serialize");
	tap.equal(await text(page, "#hits"), "1 match · 123.9 ms · 67.6 %", "a search");
	await page.$eval("#search", (e) => e.blur());
	for (const [key, id] of Object.entries({ 2: "flame", 3: "timeline", 4: "functions", 5: "waits", 6: "about", 1: "tree" })) {
		await page.keyboard.press(key);
		tap.ok(await page.$eval("#" + id, (e) => !e.hidden && e.offsetHeight > 20), `${key} shows ${id}`);
	}
	await page.click("#part-network");
	tap.equal(await text(page, "#chips .chip"), "network ×", "a class of the bar");
	await page.goBack();
	tap.ok(await page.$eval("#chips", (e) => e.hidden), "back");
	const before = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	await page.click("#theme");
	tap.ok((await page.evaluate(() => getComputedStyle(document.body).backgroundColor)) !== before, "the other theme");
	tap.none(page.faults, "orders: silent");
	await page.close();
}

async function deflated() {
	const profile = large(JSON.parse(render("orders", "json")), 2000, 2000);
	const page = await open("large", pageOf(render("orders", "html"), profile), "#tab=waits");

	tap.ok((await text(page, "#tab-waits")).includes("2000"), "deflated data are read");
	tap.none(page.faults, "deflated: silent");
	await page.close();
}

async function hostile() {
	const page = await open("hostile", render("hostile", "html"));

	await page.keyboard.press("5");
	tap.equal(await page.$$eval("img, svg, iframe", (all) => all.length), 0, "names become no markup");
	tap.none(page.faults, "hostile: silent");
	await page.close();
}

/* As reqprof packs it. */
async function packed() {
	const page = await open("many", render("many", "html"), "#tab=waits");
	const { length } = JSON.parse(render("many", "json")).waits;

	tap.ok((await text(page, "#waits h3")).startsWith(`${length} waits`), "packed tables are read");
	tap.none(page.faults, "packed: silent");
	await page.close();
}

/* The list of reports: sorted, filtered, and left by Back. */
async function list() {
	const where = path.join(directory, "reports");
	fs.mkdirSync(where);
	execFileSync(`${ROOT}/build/tests/make_reports`, [where, "45"]);
	const page = await visit(pathToFileURL(`${where}/index.html`).href);
	const durations = () => page.$$eval("#list tbody tr td:nth-child(4)", (all) => all.map((e) => Number(e.innerText)));
	const falls = (values) => values.every((value, i) => !i || value <= values[i - 1]);

	tap.equal(await text(page, "#count"), "45 reports", "the list");
	await page.evaluate(() => [...document.querySelectorAll("#list th button")].find((b) => b.innerText.startsWith("Duration")).click());
	const sorted = await durations();
	tap.ok(sorted.length === 45 && falls(sorted), "is sorted by duration", sorted);
	await page.evaluate(() => window.history.back()); /* no load, of which puppeteer would be told */
	await page.waitForSelector("#list th:first-child[aria-sort]");
	tap.ok(!falls(await durations()), "and by time again");
	const first = await page.$eval("#list tbody a", (e) => e.getAttribute("href"));
	tap.ok(fs.existsSync(path.join(where, decodeURIComponent(first))), "its links lead to reports", first);
	tap.none(page.faults, "list: silent");
	await page.close();
}

async function main() {
	try {
		const env = { ...process.env, HOME: directory, TMPDIR: directory };
		browser = await puppeteer.launch({ browser: "firefox", executablePath: FIREFOX, headless: true, env });
		await tap.run(orders, deflated, hostile, packed, list);
	} finally {
		if (browser) {
			await browser.close();
		}
		fs.rmSync(directory, { recursive: true, force: true });
	}
}

process.on("SIGTERM", () => {
	const kill = browser && browser.process();
	if (kill) {
		kill.kill();
	}
	fs.rmSync(directory, { recursive: true, force: true });
	process.exit(143);
});
main();
