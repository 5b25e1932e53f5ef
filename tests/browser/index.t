#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/* The list of reports: with and without script, as a file and served: it sorts, filters, plots, and shows what lands. */
"use strict";

const { execFileSync, spawn } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { close, main, ROOT, scratch, visit } = require("./browser");
const { contrasts, ENOUGH } = require("./contrast");
const { equal, none, note, ok } = require("./tap");

const MAKE = `${ROOT}/build/tests/make_reports`;
const REQPROF = process.env.REQPROF || `${ROOT}/build/reqprof`;
const NARROW = { width: 390, height: 844 };
const KINDS = 9; /* that make_reports goes through */

function made(n) {
	const where = scratch("reports");
	execFileSync(MAKE, [where, String(n)]);
	return where;
}

const fileUrl = (where, fragment = "") => pathToFileURL(`${where}/index.html`).href + fragment;
const column = (page, n) => page.locator(`#list tbody tr td:nth-child(${n})`).allInnerTexts();
const numbers = async (page, n) => (await column(page, n)).map(Number);
const rises = (list) => list.every((value, i) => !i || value >= list[i - 1]);
const opened = (page) => page.evaluate(() => document.getElementById("id")?.textContent);

/* ---- as a file ------------------------------------------------------------------------------------------------------- */

async function plain() {
	const where = made(45);
	const page = await visit(fileUrl(where), { script: false });

	equal(await page.locator("#list tbody tr").count(), 45, "without script: all rows");
	equal(await page.locator("#count").innerText(), "45 reports", "and how many they are");
	const second = page.locator("#list tbody tr").nth(1);
	equal((await second.locator("td").allInnerTexts()).map((text) => text.trim()),
		["2026-11-23 11:04:03.414", "GET /health?profile=1", "–", "2140.0", "428.0", "1712.0", "network 70 %", "html rp", "00002b"],
		"with what is known of each");
	none(await page.locator("button:visible, input:visible, select:visible").allInnerTexts(), "and no controls that would do nothing");
	await page.locator("#list tbody tr a").first().click();
	ok(await page.locator("#id").innerText(), "the request opens its report");
	none(page.faults.filter((f) => !f.startsWith("request: file:")), "silent");
	await close(page);
}

async function hostile() {
	const page = await visit(fileUrl(made(18)));
	const texts = (await column(page, 2)).filter((text) => text.includes("script"));

	equal(texts.length, 2, "hostile paths are listed");
	ok(texts.every((t) => t.startsWith("GET /<script>alert(1)</script>&amp;\"'\\xe2\\x80\\xae\\x0a")), "as the bytes that they are", texts[0]);
	ok((await page.locator(".pick").allInnerTexts()).some((t) => t.includes("<script>alert(1)")), "in the plot, too");
	equal(await page.locator("#list script, #plot script").count(), 0, "and are no markup");
	none(page.faults, "hostile: silent");
	await close(page);
}

async function sorting() {
	const page = await visit(fileUrl(made(45)));
	const header = (name) => page.locator("#list th").getByText(name, { exact: true });
	const sorts = () => page.locator("#list th[aria-sort]").evaluateAll((all) => all.map((e) => e.textContent + " " + e.getAttribute("aria-sort")));

	equal(await sorts(), ["Time descending"], "newest first");
	ok(rises((await column(page, 1)).reverse()), "in truth");
	await header("Duration, ms").click();
	equal(await sorts(), ["Duration, ms descending"], "by duration, the longest first");
	ok(rises((await numbers(page, 4)).reverse()), "in truth", await column(page, 4));
	await header("Duration, ms").click();
	ok(rises(await numbers(page, 4)), "and the other way round");
	for (const [name, n] of [["CPU", 5], ["Wait", 6]]) {
		await header(name).click();
		ok(rises((await numbers(page, n)).reverse()), `by ${name}`);
	}
	await header("Request").click();
	ok(rises(await column(page, 2)), "by request, from A on");
	await page.goBack();
	equal(await sorts(), ["Wait descending"], "back undoes it");
	await header("Status").focus();
	await page.keyboard.press("Enter");
	ok(rises((await column(page, 3)).map((t) => Number(t) || 0)), "by keys, too");
	none(page.faults, "sorting: silent");
	await close(page);
}

async function filtering() {
	const where = made(45);
	const page = await visit(fileUrl(where));
	const rows = () => page.locator("#list tbody tr").count();

	await page.fill("#q", "post /orders");
	equal([await rows(), await page.locator("#shown").innerText()], [5, "5 of 45"], "by words");
	await page.fill("#q", "/users\\/\\d+\\?/");
	equal(await rows(), 10, "by a regular expression");
	await page.fill("#q", "/users/");
	equal(await rows(), 10, "a path is none");
	await page.fill("#q", "/(/");
	equal([await rows(), await page.getAttribute("#q", "aria-invalid")], [45, "true"], "a broken one is told and filters nothing");
	await page.fill("#q", "");
	await page.selectOption("#status", "5");
	equal([await rows(), new Set(await column(page, 3))], [5, new Set(["500"])], "by status");
	await page.selectOption("#status", "0");
	equal([...new Set(await column(page, 3))], ["–"], "those without response");
	await page.selectOption("#status", "");
	await page.fill("#min", "100");
	await page.fill("#max", "0.3s");
	const some = await numbers(page, 4);
	ok(some.length > 3 && some.length < 45 && some.every((ms) => ms >= 100 && ms <= 300), "by duration", some);
	await page.fill("#max", "soon");
	equal(await page.getAttribute("#max", "aria-invalid"), "true", "no duration is told");
	await page.fill("#min", "");
	await page.fill("#max", "");
	await page.locator(".pick").filter({ hasText: /^GET \/users\/\{id\}$/ }).click();
	equal([await rows(), await page.locator("#route").innerText(), await page.locator('.pick[aria-pressed="true"]').count()], [10, "GET /users/{id}", 1],
		"by route: requests that differ in a number are of one");
	await page.reload();
	await page.waitForSelector("html.scripted");
	equal(await rows(), 10, "after reloading it is the same");
	await page.click("#route");
	equal(await rows(), 45, "and all again");
	await page.keyboard.press("Tab");
	await page.evaluate(() => document.activeElement.blur());
	await page.keyboard.press("/");
	equal(await page.evaluate(() => document.activeElement.id), "q", "/ leads to the search");
	none(page.faults, "filtering: silent");
	await close(page);
	const link = await visit(fileUrl(where, "#q=cart&sort=duration&down=0"));
	equal(await link.locator("#list tbody tr").count(), 5, "a link says what to look at");
	await close(link);
}

async function plot() {
	const where = made(90);
	const page = await visit(fileUrl(where));
	const strip = page.locator(".route").filter({ hasText: "POST /orders" }).locator("svg");
	const name = await page.locator(".route .pick").allInnerTexts();

	equal([name.length, name[0]], [KINDS - 2, "GET /orders"], "a row for each route, the most frequent first");
	equal(await page.locator(".route").first().locator(".num").first().innerText(), "20", "with how many there are");
	const dots = (await strip.locator(".dots").getAttribute("d")).split("M").length - 1;
	equal(dots, 10, "and a dot for each");
	const failed = await page.locator(".route").first().locator(".dots.failed").getAttribute("d");
	equal(failed.split("M").length - 1, 10, "those that failed look different");
	const [x, y] = (await strip.locator(".dots").getAttribute("d")).match(/M([\d.]+) ([\d.]+)/).slice(1).map(Number);
	await strip.hover({ position: { x, y } });
	const tip = await page.locator("#tip").innerText();
	ok(/POST \/orders\?profile=1\n[\d.]+ ms · 201 · 2026-11-23 /.test(tip), "the nearest is named", tip);
	await strip.click({ position: { x, y } });
	await page.waitForSelector("#id");
	const id = await opened(page);
	ok(page.url().endsWith(`-${id}.html`) && Number(`0x${id}`) % KINDS === 2, "a click opens it", page.url());
	await page.goBack();
	await page.waitForSelector("html.scripted");
	await page.locator(".route").first().locator("svg").focus();
	await page.keyboard.press("End");
	const slowest = await page.locator(".route").first().locator("svg").getAttribute("aria-valuetext");
	ok(/^\d+\.\d ms, 500, /.test(slowest), "the arrow keys go from the fastest to the slowest", slowest);
	await page.keyboard.press("Enter");
	await page.waitForSelector("#id");
	equal(Number(`0x${await opened(page)}`) % KINDS, 1, "Enter opens it");
	none(page.faults.filter((f) => !f.startsWith("request: file:")), "plot: silent");
	await close(page);
}

/* As if the page had been hidden for so long. */
async function comeBack(page, ms) {
	await page.evaluate(async (pause) => {
		const become = (state) => {
			Object.defineProperty(document, "visibilityState", { value: state, configurable: true });
			document.dispatchEvent(new Event("visibilitychange"));
		};
		become("hidden");
		await new Promise((resolve) => setTimeout(resolve, pause));
		become("visible");
	}, ms);
}

async function updating() {
	const where = made(9);
	const page = await visit(fileUrl(where, "#q=orders"));

	execFileSync(MAKE, [where, "12"]);
	await comeBack(page, 100);
	equal(await page.locator("#list tbody tr").count(), 3, "a glance elsewhere changes nothing");
	await Promise.all([page.waitForEvent("load"), comeBack(page, 3300).catch(() => null)]);
	await page.waitForSelector("html.scripted");
	equal([await page.locator("#count").innerText(), await page.locator("#list tbody tr").count()], ["12 reports", 6],
		"who comes back to the file sees what has come, through the same filter");
	none(page.faults, "updating: silent");
	await close(page);
}

async function looks() {
	const where = made(45);
	for (const theme of ["light", "dark"]) {
		for (const viewport of [undefined, NARROW]) {
			const page = await visit(fileUrl(where), { theme, ...(viewport && { viewport }) });
			const what = `${theme}, ${viewport ? viewport.width : "wide"}`;
			const [scroll, client] = await page.evaluate(() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]);
			equal(scroll, client, `${what}: no scrolling to the side`);
			none((await contrasts(page)).filter((seen) => seen.contrast < ENOUGH), `${what}: enough contrast`);
			const small = await page.locator("button:visible, input:visible, select:visible").evaluateAll((all) => all
				.filter((e) => !e.closest("th")).map((e) => [e.textContent, e.getBoundingClientRect().height]));
			none(small.filter(([, height]) => height < 24), `${what}: controls are 24 px high`);
			none(page.faults, `${what}: silent`);
			await close(page);
		}
	}
	const page = await visit(fileUrl(where));
	const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const before = await background();
	await page.click("#theme");
	ok((await background()) !== before, "the theme changes");
	await close(page);
}

async function many() {
	const begin = Date.now();
	const page = await visit(fileUrl(made(10000)));
	note(`10,000 reports: ${await page.evaluate(() => Math.round(performance.now()))} ms from the request of the page to now, ` +
		`made and opened in ${Date.now() - begin} ms`);
	equal(await page.locator("#count").innerText(), "10,000 reports", "10,000 reports");
	equal(await page.locator("#list tbody tr").count(), 200, "so many rows at first");
	const took = await page.evaluate(() => {
		const start = performance.now();
		document.querySelectorAll("#list th button")[3].click();
		return Math.round(performance.now() - start);
	});
	note(`sorted in ${took} ms`);
	ok(rises((await numbers(page, 4)).reverse()), "sorted");
	await page.click("#more");
	equal(await page.locator("#list tbody tr").count(), 1200, "more, if asked for");
	const dots = await page.locator(".route").first().locator(".dots").evaluateAll((all) => all.map((e) => e.getAttribute("d").split("M").length - 1));
	equal(dots.reduce((a, b) => a + b), 2223, "and a dot for each");
	none(page.faults, "many: silent");
	await close(page);
	const without = await visit(fileUrl(made(1001)), { script: false });
	equal([await without.locator("#list tbody tr:visible").count(), await without.locator(".note").innerText()],
		[1000, "Older reports, listed with script only: 1; reqprof list shows all."], "without script the newest 1000, and it says so");
	await close(without);
}

/* ---- served ---------------------------------------------------------------------------------------------------------- */

function serve(where) {
	const child = spawn(REQPROF, ["serve", where, "--listen=127.0.0.1:0"], { stdio: ["ignore", "ignore", "pipe"] });
	return new Promise((resolve, reject) => {
		let text = "";
		child.stderr.on("data", (data) => {
			text += data;
			const url = /reports: (\S+)/.exec(text);
			if (url) {
				resolve({ url: url[1], stop: () => new Promise((done) => {
					child.on("exit", done);
					child.kill("SIGINT");
				}) });
			}
		});
		child.on("exit", () => reject(new Error(`serve: ${text}`)));
	});
}

/* A report lands in the directory: of make_reports' number n. */
function land(where, n) {
	const from = made(n + 1);
	const files = fs.readdirSync(from).filter((f) => f.includes(`-${n.toString(16).padStart(6, "0")}.`));
	for (const file of files.sort().reverse()) {
		fs.copyFileSync(`${from}/${file}`, `${where}/.${file}.tmp`);
		fs.renameSync(`${where}/.${file}.tmp`, `${where}/${file}`);
	}
	return path.basename(files[0]).replace(/\.[a-z]+$/, "");
}

async function live() {
	const where = made(18);
	const server = await serve(where);
	const page = await visit(server.url, { allowed: new RegExp(`^${server.url}events\\?|^data:,$`) });

	await page.getByText("live", { exact: true }).waitFor();
	equal(await page.locator("#count").innerText(), "18 reports", "served: the list");
	await page.fill("#q", "orders");
	equal(await page.locator("#list tbody tr").count(), 6, "filtered");
	const name = land(where, 19);
	await page.locator('#list tr[data-id="000013"]').waitFor();
	equal([await page.locator("#list tbody tr").count(), await page.locator("#count").innerText()], [7, "19 reports"],
		"a report lands without reloading");
	equal(await page.inputValue("#q"), "orders", "and the filter stays");
	ok(await page.locator('#list tr[data-id="000013"]').evaluate((e) => e.classList.contains("new")), "it is marked");
	equal(await page.locator(".route").first().locator(".num").first().innerText(), "5", "the plot has it");
	land(where, 21);
	await page.getByText("20 reports").waitFor();
	equal(await page.locator("#list tbody tr").count(), 7, "another, that the filter hides, is counted");
	fs.readdirSync(where).filter((f) => f.startsWith(name)).forEach((f) => fs.unlinkSync(`${where}/${f}`));
	await page.getByText("19 reports").waitFor();
	equal(await page.locator('#list tr[data-id="000013"]').count(), 0, "one that is removed goes");
	await page.locator("#list tbody tr a").first().click();
	await page.waitForSelector("#id");
	ok((await opened(page)).length === 6, "a report opens");
	none(page.faults.filter((f) => !f.startsWith(`request: ${server.url}2026`)), "live: silent");
	await page.goBack();
	await page.getByText("live", { exact: true }).waitFor();
	await server.stop();
	await page.getByText("connection lost").waitFor();
	ok(true, "the end of the server is told");
	await close(page);
}

async function newest() {
	const where = made(0);
	const server = await serve(where);
	const page = await visit(server.url + "newest", { allowed: new RegExp(`^${server.url}(events\\?|2026)|^data:,$`) });
	const shown = () => page.frameLocator("#report").locator("#id").innerText();
	const waitFor = (id) => page.frameLocator("#report").getByText(id).waitFor();

	ok(await page.locator("#empty").isVisible(), "no report yet");
	land(where, 2);
	await waitFor("000002");
	equal(await page.locator("#request").innerText(), "POST /orders?profile=1", "the first is shown as it lands");
	land(where, 8);
	await waitFor("000008");
	ok((await page.locator("#request").innerText()).startsWith("GET /<script>alert(1)"), "the next in its place");
	land(where, 4);
	await page.click("#follow");
	land(where, 9);
	await page.getByText("1 newer one").waitFor();
	equal(await shown(), "000008", "an older one is not, nor is any while it does not follow");
	await page.click("#follow");
	await waitFor("000009");
	ok(true, "until it follows again");
	/* A report cannot reach what is around it. */
	const inside = page.frames().find((f) => f.url().includes("000009"));
	equal(await inside.evaluate(() => window.origin), "null", "it is of no origin");
	const tried = await inside.evaluate(async (url) => {
		const attempts = [() => fetch(url), () => window.parent.document.title, () => window.localStorage.length];
		return Promise.all(attempts.map(async (attempt) => {
			try {
				await attempt();
				return "reached";
			} catch (e) {
				return "refused";
			}
		}));
	}, server.url);
	equal(tried, ["refused", "refused", "refused"], "and its script can read nothing");
	none(page.faults.filter((f) => !/Content Security Policy|request: .*\/$/.test(f)), "newest: silent");
	await server.stop();
	await page.getByText("connection lost").waitFor();
	ok(true, "the end of the server is told");
	await close(page);
}

main(plain, hostile, sorting, filtering, plot, updating, looks, many, live, newest);
