#!/usr/bin/env node
/* SPDX-License-Identifier: GPL-2.0-only OR BSD-2-Clause */
/*
 * Reports of real requests (lib/record-captures) read as a person reads them: what the first screen, a search, the call tree, the flame graph, the
 * timeline and a comparison say is what the server, or perf, measured of the same request. Needs root.
 */
"use strict";

const { execFileSync, spawnSync } = require("node:child_process");
const fs = require("node:fs");
const path = require("node:path");
const { pathToFileURL } = require("node:url");
const { close, main, scratch, visit, ROOT } = require("../browser/browser");
const { equal, none, ok, within } = require("../browser/tap");

const REQPROF = process.env.REQPROF || `${ROOT}/build/reqprof`;
const FLAME = "#flame canvas";
const POINTS = 2; /* percentage points that a share may be off */
const TICK_MS = 1; /* what a sample at the edge of a range may reach beyond it */
const ROW_PX = 20;
const TALL = { width: 1440, height: 1400 };
const PHONE = { width: 390, height: 844 };
const ENVIRONMENT = { ...process.env }; /* without the browser's directory, which nobody else may enter */

let captures = {};

/* ---- what there is to know --------------------------------------------------------------------------------------------- */

function record() {
	const directory = scratch("captures");
	execFileSync(`${ROOT}/tests/lib/record-captures`, [directory], { env: ENVIRONMENT, stdio: ["ignore", "inherit", "inherit"] });
	captures = JSON.parse(fs.readFileSync(path.join(directory, "captures.json"), "utf8"));
	for (const capture of Object.values(captures)) {
		capture.report = JSON.parse(fs.readFileSync(capture.json, "utf8"));
	}
	equal(Object.keys(captures), ["nginx", "mixed", "orders", "orders-slower"], "requests of real servers are recorded");
}

/* What a request said that it took in a function: { cpu, wall }, ns. */
function told(name, fn) {
	const calls = captures[name].truth.said.calls.filter((call) => call.function === fn);
	const sum = (key) => calls.reduce((total, call) => total + call[key], 0);
	return { cpu: sum("cpu_ns"), wall: sum("wall_ns") };
}

function awaited(name, what) {
	return captures[name].truth.said.awaits.filter((a) => a.what === what).reduce((sum, a) => sum + (a.until_sent_ns || a.ns), 0);
}

function wallOf(name) {
	return captures[name].report.time.wall_ns;
}

/* Percentage points that a share may be off: a thread's own clock counts what a hypervisor took of it, or not, and what it waited for besides CPU
 * is what it did not compute less what it was ready (which: only those waits). */
function points(name, which = (wait) => wait.object === "hypervisor") {
	return POINTS + 100 * captures[name].report.waits.filter(which).reduce((sum, wait) => sum + wait.runnable_ns, 0) / wallOf(name);
}

function look(name, options = {}) {
	return visit(pathToFileURL(captures[name].html).href + (options.fragment || ""), { viewport: TALL, ...options });
}

/* ---- what a person does -------------------------------------------------------------------------------------------------- */

async function search(page, text) {
	await page.fill("#search", text);
	await page.waitForFunction(() => /match|found/.test(document.getElementById("hits").textContent));
	const [, ms, percent] = /· ([\d.]+) ms · ([\d.]+) %/.exec(await page.locator("#hits").innerText()) || [0, NaN, NaN];
	return { ms: Number(ms), percent: Number(percent) };
}

function choose(page, text) {
	return page.locator("#mode span").getByText(text, { exact: true }).click();
}

function chips(page) {
	return page.locator("#chips .chip").allInnerTexts();
}

function rootTimes(page) {
	return page.locator(".row .time").evaluateAll((all) => all.slice(0, 3).map((e) => Number(e.textContent) || 0));
}

async function hover(page, x, y) {
	await page.mouse.move(x - 2, y);
	await page.mouse.move(x, y);
	const tip = page.locator(".tip");
	return (await tip.isVisible()) ? tip.innerText() : "";
}

/* Where the flame graph has a function: found by pointing at it, row by row. */
async function findCell(page, fn) {
	const box = await page.locator(FLAME).boundingBox();
	for (let y = box.y + ROW_PX / 2; y < box.y + box.height; y += ROW_PX) {
		for (let part = 0.03; part < 1; part += 0.12) {
			if ((await hover(page, box.x + box.width * part, y)).startsWith(fn)) {
				return [box.x + box.width * part, y];
			}
		}
	}
	throw new Error(`the flame graph has no ${fn}`);
}

async function crumbs(page) {
	const way = page.locator(".crumbs");
	return (await way.isHidden()) ? [] : (await way.innerText()).split("›").map((name) => name.trim());
}

/* ---- each of them: first screen, links, theme -------------------------------------------------------------------------------- */

function shownPanel(page) {
	return page.locator(".panel:visible").getAttribute("id");
}

async function firstScreen(name) {
	const { truth } = captures[name];
	const page = await look(name);
	const header = await page.locator("header").innerText();
	const [, ms] = /(\d+\.\d) ms/.exec(header);

	ok(header.includes(`${truth.status} · `), `${name}: the status`, header);
	within(Number(ms), truth.client_ns / 1e6, 20 + truth.client_ns / 5e6, `${name}: about as long as its client says`);
	const shares = await page.locator(".answers strong").allInnerTexts();
	within(shares.reduce((sum, text) => sum + Number(/[\d.]+/.exec(text)), 0), 100, 0.05 * shares.length + 0.05,
		`${name}: its sentences tell all of it`);
	none(page.faults, `${name}: the first screen is silent`);
	await close(page);
}

/* A sentence's link shows, in the view that it leads to, what the sentence names, and less than all. */
async function followLinks(name) {
	const page = await look(name);
	const links = page.locator(".answers a");

	for (let i = 0; i < await links.count(); i++) {
		const sentence = await links.nth(i).locator("xpath=..").innerText();
		const tab = await links.nth(i).evaluate((a) => a.hash.slice(1));
		await links.nth(i).click();
		const query = await page.inputValue("#search");
		const seen = await page.locator(`#${tab}`).innerText();
		const named = query ? sentence.includes(query) && seen.includes(query) : (await chips(page)).length === 1;
		ok((await shownPanel(page)) === tab && named, `${name}: sentence ${i + 1} leads to what it names`, `${sentence}\n${query} ${await chips(page)}`);
		await page.goBack();
		equal([await page.inputValue("#search"), await chips(page)], ["", []], `${name}: and back`);
	}
	none(page.faults, `${name}: following links is silent`);
	await close(page);
}

async function themes(name) {
	const page = await look(name, { theme: "dark" });
	const background = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
	const dark = await background();

	await page.click("#theme");
	const light = await background();
	await page.click("#theme");
	ok(light !== dark && (await background()) === dark, `${name}: the theme can be switched, and back`);
	none(page.faults, `${name}: switching the theme is silent`);
	await close(page);
}

/* ---- each of them: a function in all views ------------------------------------------------------------------------------------ */

async function downTheTree(page, name, fn) {
	const { ms } = await search(page, fn);

	await page.keyboard.press("Escape");
	await page.fill("#search", fn);
	await page.press("#search", "Enter");
	const row = page.locator('.row[aria-selected="true"]');
	ok((await row.locator(".name").innerText()).startsWith(fn), `${name}: Enter opens the tree down to ${fn}`, await row.innerText());
	within(Number(await row.locator(".time").first().innerText()), ms, 0.11, `${name}: which has there what the search says`);
	await page.keyboard.press("Escape");
}

async function zoomTheFlame(page, name, fn) {
	await page.click("#tab-flame");
	const [x, y] = await findCell(page, fn);
	await page.mouse.click(x, y);
	ok((await crumbs(page)).at(-1).startsWith(fn), `${name}: a click in the flame graph zooms on ${fn}`, await crumbs(page));
	await page.goBack();
	equal(await crumbs(page), [], `${name}: Back zooms out`);
}

/* What the views say that they are of, in ms: total and CPU time in the call tree, total in the flame graph, own CPU time of all functions, waits. */
async function extents(page) {
	const sum = async (rows, cell) => (await page.locator(`${rows} tbody tr:visible > :nth-child(${cell})`).allInnerTexts())
		.reduce((all, text) => all + (parseFloat(text.replace(/^\W+/, "")) || 0), 0);
	await page.click("#tab-tree");
	const [total, cpu] = await rootTimes(page);
	await page.click("#tab-flame");
	const box = await page.locator(FLAME).boundingBox();
	const flame = Number((/^total ([\d.]+) ms/m.exec(await hover(page, box.x + 60, box.y + ROW_PX / 2)) || [])[1]);
	await page.click("#tab-functions");
	const self = await sum(".functions", 1);
	await page.click("#tab-waits");
	return { total, cpu, flame, self, waits: await sum(".groups", 1) };
}

async function selectARange(page, name) {
	const all = await extents(page);
	await page.click("#tab-timeline");
	const box = await page.locator("#timeline canvas.overview").boundingBox();
	const at = (part) => [box.x + box.width * part, box.y + box.height / 2];
	await page.mouse.move(...at(0.25));
	await page.mouse.down();
	await page.mouse.move(...at(0.75), { steps: 6 });
	await page.mouse.up();
	const [, from, to] = /^range ([\d.]+)–([\d.]+) ms/m.exec((await chips(page)).join("\n")) || [];
	within(to - from, wallOf(name) / 2e6, 0.02 * wallOf(name) / 1e6, `${name}: a drag selects a range`);
	const part = await extents(page);
	const said = JSON.stringify({ all, part });
	ok(part.total <= Number(to - from) + 2 * TICK_MS && part.total >= (to - from) * 0.9, `${name}: the call tree is of the range`, said);
	within(part.flame, part.total, 0.11, `${name}: and the flame graph`);
	ok(part.self <= part.cpu * 1.02 + 0.11 && part.self >= part.cpu * 0.9 - 0.11, `${name}: and the functions`, said);
	ok(all.waits > part.waits, `${name}: and the waits`, said);
	await page.locator("#chips .chip").first().click();
	within((await extents(page)).total, all.total, 0.11, `${name}: without it, of all`);
	await page.click("#tab-tree");
}

async function filterByMode(page, name) {
	const without = (column) => page.locator(".row").evaluateAll((rows, n) => rows.slice(1).filter((row) =>
		row.querySelectorAll(".time")[n].textContent === "–").map((row) => row.textContent), column);
	await choose(page, "CPU");
	none(await without(1), `${name}: only on the CPU`);
	await choose(page, "waiting");
	none(await without(2), `${name}: only waiting`);
	await choose(page, "both");
	ok((await without(1)).length + (await without(2)).length > 0, `${name}: both`);
}

async function sameViewFromLink(name, fn) {
	const page = await look(name);
	await search(page, fn);
	await page.press("#search", "Enter");
	await choose(page, "CPU");
	const view = (p) => Promise.all([p.inputValue("#search"), p.locator("#hits").innerText(), shownPanel(p), chips(p), rootTimes(p),
		p.locator("#mode label:has(:checked)").innerText(), p.locator('.row[aria-selected="true"]').first().innerText(),
		p.locator(".row.found .name").allInnerTexts()]);
	const other = await visit(page.url(), { viewport: TALL });
	equal(await view(other), await view(page), `${name}: a link shows the same to somebody else`);
	none([...page.faults, ...other.faults], `${name}: and is silent`);
	await close(page);
	await close(other);
}

/* On a phone: nothing is wider than the screen, the chosen tab is in sight, and each row of the tree can be read. */
async function onAPhone(name) {
	for (const tab of ["tree", "waits"]) {
		const page = await look(name, { fragment: `#tab=${tab}`, viewport: PHONE });
		const tabBox = await page.locator(`#tab-${tab}`).boundingBox();
		const unnamed = await page.locator(".row .what").evaluateAll((all) => all.filter((what) => !/\w/.test(what.innerText)).length);

		equal(await page.evaluate(() => document.documentElement.scrollWidth), PHONE.width, `${name} on a phone, ${tab}: not wider than that`);
		ok(tabBox.x >= 0 && tabBox.x + tabBox.width <= PHONE.width, `${name} on a phone, ${tab}: the tab is in sight`, JSON.stringify(tabBox));
		equal(unnamed, 0, `${name} on a phone, ${tab}: no row without a name`);
		none(page.faults, `${name} on a phone, ${tab}: silent`);
		await close(page);
	}
}

/* What a person does with any report. */
async function useAll(name, fn) {
	await firstScreen(name);
	await followLinks(name);
	await themes(name);
	const page = await look(name);
	await downTheTree(page, name, fn);
	await zoomTheFlame(page, name, fn);
	await selectARange(page, name);
	await filterByMode(page, name);
	none(page.faults, `${name}: silent`);
	await close(page);
	await sameViewFromLink(name, fn);
	await onAPhone(name);
}

/* ---- the three ------------------------------------------------------------------------------------------------------------------- */

/* A function's CPU time as the search says it, against what the request measured, in points of the wall time. */
async function cpuShare(page, name, fn) {
	await choose(page, "CPU");
	const { ms, percent } = await search(page, fn);
	within(percent, 100 * ms * 1e6 / wallOf(name), 0.1, `${name}: the share of ${fn} is of the wall time`);
	within(Number((100 * ms * 1e6 / wallOf(name)).toFixed(2)), Number((100 * told(name, fn).cpu / wallOf(name)).toFixed(2)), points(name),
		`${name}: the share of ${fn}`);
	await choose(page, "both");
}

async function sentenceThat(page, pattern) {
	const sentences = await page.locator(".answers li").allInnerTexts();
	const found = sentences.find((sentence) => pattern.test(sentence)) || "";
	return { sentence: found || sentences.join("\n"), ms: Number((/\(([\d.]+) ms/.exec(found) || [0, NaN])[1]) };
}

async function nginx() {
	const { truth, report } = captures.nginx;
	const page = await look("nginx", { fragment: "#tab=functions" });
	const samples = (pattern) => Object.entries(truth.samples).filter(([file]) => pattern.test(file)).reduce((sum, [, n]) => sum + n, 0);
	const cpu = report.samples.weight_ns.reduce((sum, ns) => sum + ns, 0);

	within(Number((100 * cpu / truth.cpu_ns).toFixed(2)), 100, points("nginx"), "nginx: the CPU time is the worker's");
	await search(page, "libz");
	const self = await page.locator(".functions tbody tr:visible td:first-child").allInnerTexts();
	const ms = self.reduce((sum, text) => sum + (Number(text) || 0), 0);
	/* Of the user's time: perf's ticks find others' work in the kernel, that of perf too. */
	within(Number((1e8 * ms / report.time.classes_ns.cpu_user).toFixed(2)), Number((100 * samples(/^libz/) / samples(/^(?!\[|bpf_)/)).toFixed(2)),
		points("nginx"), "nginx: the share of libz is what perf says");
	const { sentence } = await sentenceThat(page, /on CPU in .*libz/);
	ok(/libz/.test(sentence), "nginx: the first sentence names it", sentence);
	none(page.faults, "nginx: reading it is silent");
	await close(page);
	await useAll("nginx", "ngx_output_chain");
}

async function mixed() {
	const page = await look("mixed");

	for (const fn of ["compute_a", "compute_b", "compute_in_pool"]) {
		await cpuShare(page, "mixed", fn);
	}
	for (const [fn, what] of [["database", "database"], ["sleep", "sleep"]]) {
		await choose(page, "waiting");
		const { ms } = await search(page, `/^${fn}$/`);
		within(Number((1e8 * ms / wallOf("mixed")).toFixed(2)), Number((100 * awaited("mixed", what) / wallOf("mixed")).toFixed(2)), POINTS,
			`mixed: the share of the await ${what}`);
		await choose(page, "both");
	}
	const { sentence } = await sentenceThat(page, /on CPU in/);
	ok(/work_03|compute_a/.test(sentence), "mixed: a sentence names what computed", sentence);
	await page.locator(".row").filter({ hasText: "compute_a" }).first().click();
	const heavy = await page.locator(".source .line.heavy").allInnerTexts();
	ok(heavy.some((line) => line.includes("return burn(ms)")), "mixed: the source beside the chosen function", heavy);
	none(page.faults, "mixed: reading it is silent");
	await close(page);
	await useAll("mixed", "compute_a");
}

async function postgresql() {
	const name = "orders";
	const page = await look(name);
	const asked = ["reserve_stock", "fetch_orders"].map((fn) => told(name, fn)).reduce((sum, { wall, cpu }) => sum + wall - cpu, 0);
	const peer = `127.0.0.1:${captures[name].truth.database}`;
	const { sentence, ms } = await sentenceThat(page, /waiting for/);

	ok(sentence.includes(`waiting for ${peer}`) && sentence.includes("from query, servers/postgresql_app.py"),
		`${name}: the database is named, and who asked it`, sentence);
	within(Number((1e8 * ms / wallOf(name)).toFixed(2)), Number((100 * asked / wallOf(name)).toFixed(2)), points(name, () => true),
		`${name}: how long it was waited for`);
	await cpuShare(page, name, "serialize");
	await page.click("#tab-waits");
	await search(page, peer);
	ok((await page.locator(".groups tbody tr:visible").first().innerText()).includes("postgres["), `${name}: and its process, which ended the waits`);
	none(page.faults, `${name}: reading it is silent`);
	await close(page);
	await useAll(name, "list_orders");
}

/* ---- two of them, and one against its limits ------------------------------------------------------------------------------------ */

async function compared() {
	const page_file = path.join(scratch("diff"), "diff.html");
	execFileSync(REQPROF, ["diff", captures.orders.rp, captures["orders-slower"].rp, "-o", page_file]);
	const page = await visit(pathToFileURL(page_file).href, { script: false, viewport: TALL });
	const more = (fn) => (told("orders-slower", fn).cpu - told("orders", fn).cpu) / 1e6;
	const verdict = await page.locator(".verdict").innerText();
	const rows = await page.locator("tr", { hasText: /on CPU \((user|kernel)\)/ }).allInnerTexts();
	const tree = await page.locator("tr", { has: page.getByText("serialize", { exact: true }) }).first().innerText();
	const numbers = (text) => (text.match(/[+−][\d.]+/g) || []).map((n) => Number(n.replace("−", "-")));
	const slack = points("orders-slower") / 100 * wallOf("orders-slower") / 1e6;

	within(Number(/by ([\d.]+) ms/.exec(verdict)[1]), (wallOf("orders-slower") - wallOf("orders")) / 1e6, 0.11,
		"compared: how much slower it is");
	ok(/^slower/.test(verdict), "compared: that it is slower", verdict);
	within(rows.reduce((sum, row) => sum + (numbers(row)[0] || 0), 0), more("serialize"), slack, "compared: it computes for so much longer");
	ok(numbers(tree).some((n) => Math.abs(n - more("serialize")) <= slack), "compared: in serialize", `${tree}; it says ${more("serialize")} ms`);
	none(page.faults, "compared: silent");
	await close(page);
}

function checked() {
	const { rp, report, truth } = captures.orders;
	const check = (...limits) => spawnSync(REQPROF, ["check", rp, ...limits], { encoding: "utf8" });
	const cpu = told("orders", "serialize").cpu / 1e6;
	const good = check(`wall<${Math.ceil(truth.client_ns / 1e6)}ms`, `cpu(serialize)<${Math.ceil(cpu * 1.2 + 5)}ms`);
	const bad = check(`cpu(serialize)<${Math.floor(cpu / 2)}ms`, `waits(127.0.0.1:${truth.database}).count<1`);

	equal(good.status, 0, "check: within its limits");
	ok(bad.status === 1 && /serialize/.test(bad.stdout + bad.stderr) && /waits\(/.test(bad.stdout + bad.stderr),
		"check: beyond others, which are named", bad.stdout + bad.stderr + report.request.id);
}

main(record, nginx, mixed, postgresql, compared, checked);
